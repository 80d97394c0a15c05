import type { JournalEntry } from '../ports/journalEntry.ts';
import type { QueueEntry } from '../ports/queueEntry.ts';

/** What an earlier process left of one upload: in its queue, in its journal, or in both. */
export interface EarlierUpload {
  saved?: QueueEntry;
  journal?: JournalEntry;
}

interface Journaled {
  key: string;
  entry: JournalEntry;
}

/**
 * Puts a saved queue and the journal of the same account together: the uploads in the order of the queue, then those
 * that only the journal knows. `stale` are the keys of entries whose upload is over.
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
    if (!isOver(saved)) return { saved, journal: found.entry };
    stale.push(found.key);
    return { saved };
  });
  for (const { entry } of byPath.values()) uploads.push({ journal: entry });
  return { uploads, stale };
}

/** Whether a journal tells of this upload, which may have begun, or begun anew, after the queue was saved. */
function belongsTo(journal: JournalEntry, { state, videoId, failure }: QueueEntry): boolean {
  const isToSend = state === 'waiting' || state === 'paused' || failure?.stage === 'upload';
  return isToSend || videoId === journal.videoId;
}

/** Whether nothing is left to send, nor to tell the server about it. */
function isOver({ state, abortDue }: QueueEntry): boolean {
  return state === 'processing' || state === 'online' || (state === 'canceled' && !abortDue);
}
