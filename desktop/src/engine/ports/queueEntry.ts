import { uploadFailureSchema, videoProgressSchema } from '@reelmill/shared/contracts/desktop.ts';
import { z } from 'zod';

/**
 * One upload as it outlives the process. What was running is saved as `waiting`: it goes on by itself. Which parts the
 * store has is told by the journal, not here.
 */
export const queueEntrySchema = z.object({
  path: z.string().min(1),
  title: z.string().nullable(),
  state: z.enum(['waiting', 'paused', 'processing', 'failed', 'online', 'canceled']),
  videoId: z.int().positive().nullable(),
  sizeBytes: z.number().nullable(),
  refuseDuplicates: z.boolean(),
  /** The server must still be told the title. */
  titleDue: z.boolean(),
  /** The server must still be told that the upload was given up. */
  abortDue: z.boolean(),
  failure: uploadFailureSchema.nullable(),
  video: videoProgressSchema.nullable(),
});
export type QueueEntry = z.infer<typeof queueEntrySchema>;

/** How many of the uploads that are over are remembered. */
const MAX_FINISHED = 1_000;

/** The entries in their order without the oldest of those that came online or were given up. */
export function dropOldFinished(entries: readonly QueueEntry[], most = MAX_FINISHED): QueueEntry[] {
  let surplus = entries.filter(isFinished).length - most;
  if (surplus <= 0) return [...entries];
  return entries.filter((entry) => {
    if (surplus === 0 || !isFinished(entry)) return true;
    surplus -= 1;
    return false;
  });
}

function isFinished({ state, abortDue }: QueueEntry): boolean {
  return state === 'online' || (state === 'canceled' && !abortDue);
}
