import type { UploadContext } from '../context.ts';
import type { JournalEntry } from '../ports/journalEntry.ts';
import type { QueueStore } from '../ports/ports.ts';
import { isFinished } from '../record/uploadStates.ts';
import { type EarlierUpload, matchEarlierUploads } from './earlierUploads.ts';
import type { UploadQueue } from './uploadQueue.ts';

type Ports = Pick<UploadContext, 'journal' | 'scope'>;

/** Returns the journal entries of this account's uploads that are not in the queue. */
export async function findJournaled(ports: Ports, queue: UploadQueue): Promise<JournalEntry[]> {
  return (await readJournal(ports, queue)).map(({ entry }) => entry);
}

/** Returns what earlier processes left of this account's uploads, in order, and removes the journals of finished ones. */
export async function findEarlierUploads(
  ports: Ports,
  queue: UploadQueue,
  store: QueueStore,
): Promise<EarlierUpload[]> {
  const { uploads, stale } = matchEarlierUploads(await store.load(), await readJournal(ports, queue));
  for (const key of stale) await ports.journal.remove(key);
  return uploads;
}

async function readJournal(
  { journal, scope }: Ports,
  queue: UploadQueue,
): Promise<{ key: string; entry: JournalEntry }[]> {
  return (await journal.list()).filter(({ entry }) => {
    const known = queue.latestAt(entry.path);
    return entry.scope === scope && (known === undefined || isFinished(known.state));
  });
}
