import { z } from 'zod';
import { uploadFailureSchema, videoProgressSchema } from '../../contracts/desktop.ts';

/**
 * One upload as it is saved. One that was being sent is saved as `waiting`, so that it continues. The journal, not this
 * entry, records which parts the store has.
 */
export const queueEntrySchema = z.object({
  path: z.string().min(1),
  title: z.string().nullable(),
  state: z.enum(['waiting', 'paused', 'processing', 'failed', 'online', 'canceled']),
  videoId: z.int().positive().nullable(),
  sizeBytes: z.number().nullable(),
  refuseDuplicates: z.boolean(),
  /** The server has not received the title yet. */
  titleDue: z.boolean(),
  /** The upload still has to be aborted on the server. */
  abortDue: z.boolean(),
  failure: uploadFailureSchema.nullable(),
  video: videoProgressSchema.nullable(),
});
export type QueueEntry = z.infer<typeof queueEntrySchema>;

/** How many finished uploads are kept. */
const MAX_FINISHED = 1_000;

/** Returns the entries in their order, without the oldest of those that are online or canceled. */
export function pruneFinished(entries: readonly QueueEntry[], max = MAX_FINISHED): QueueEntry[] {
  let surplus = entries.filter(isPrunable).length - max;
  if (surplus <= 0) return [...entries];
  return entries.filter((entry) => {
    if (surplus === 0 || !isPrunable(entry)) return true;
    surplus -= 1;
    return false;
  });
}

function isPrunable({ state, abortDue }: QueueEntry): boolean {
  return state === 'online' || (state === 'canceled' && !abortDue);
}
