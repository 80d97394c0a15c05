import type { JournalEntry } from '../ports/journalEntry.ts';
import type { QueueEntry } from '../ports/queueEntry.ts';

/** What an earlier process left of one upload: an entry of its queue, of its journal, or both. */
export interface EarlierUpload {
  saved?: QueueEntry;
  journal?: JournalEntry;
}

interface Journaled {
  key: string;
  entry: JournalEntry;
}

/**
 * Merges the saved queue and the journal of an account: returns the uploads in the order of the queue, then those that
 * are only in the journal. `stale` are the keys of journal entries whose upload is finished.
 */
export function matchEarlierUploads(
  queue: readonly QueueEntry[],
  journal: readonly Journaled[],
): { uploads: EarlierUpload[]; stale: string[] } {
  const byPath = new Map(journal.map((one) => [one.entry.path, one]));
  const stale: string[] = [];
  const uploads = queue.map((saved): EarlierUpload => {
    const found = byPath.get(saved.path);
    if (found === undefined || !belongsTo(found.entry, saved)) return { saved };
    byPath.delete(saved.path);
    if (!isDone(saved)) return { saved, journal: found.entry };
    stale.push(found.key);
    return { saved };
  });
  for (const { entry } of byPath.values()) uploads.push({ journal: entry });
  return { uploads, stale };
}

/** Whether a journal entry is that of this upload, which may have begun or started over after the queue was saved. */
function belongsTo(journal: JournalEntry, { state, videoId, failure }: QueueEntry): boolean {
  const isToSend = state === 'waiting' || state === 'paused' || failure?.stage === 'upload';
  return isToSend || videoId === journal.videoId;
}

/** Whether nothing is left to send, and the server has received everything about it. */
function isDone({ state, abortDue }: QueueEntry): boolean {
  return state === 'processing' || state === 'online' || (state === 'canceled' && !abortDue);
}
