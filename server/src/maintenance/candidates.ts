import type { RetentionResult } from '@reelmill/shared/contracts/retention.ts';
import { addRetentionResults, NOTHING_REMOVED } from '@reelmill/shared/core/retentionResult.ts';
import type { ObjectStore, StoredObject } from '@reelmill/shared/ports/objectStore.ts';
import type { Candidate, RetentionContext } from './job.ts';

export interface StaleObject {
  object: StoredObject;
  /** For people; objects of a video that go for the same reason are one candidate. */
  reason: string;
}

/** The objects of one video that are to go, by their reason. */
export async function collectCandidates(
  store: Pick<ObjectStore, 'remove'>,
  videoId: number,
  objects: AsyncIterable<StaleObject> | Iterable<StaleObject>,
): Promise<Candidate[]> {
  const byReason = new Map<string, StoredObject[]>();
  for await (const { object, reason } of objects) {
    const known = byReason.get(reason);
    if (known === undefined) byReason.set(reason, [object]);
    else known.push(object);
  }
  return [...byReason].map(([reason, found]) => toCandidate(store, videoId, reason, found));
}

/**
 * What `look` finds; where it fails while the store is there, a candidate that fails in its place: one thing that cannot be
 * read holds up no other. Throws where the store is away.
 */
export async function findOrFail(
  { store }: Pick<RetentionContext, 'store'>,
  videoId: number,
  look: () => Promise<Candidate>,
): Promise<Candidate> {
  try {
    return await look();
  } catch (error) {
    await store.check();
    const remove = () => Promise.reject(error);
    const nothing = { key: null, objects: 0, sizeBytes: 0, since: new Date() };
    return { videoId, ...nothing, reason: 'cannot be looked at', remove };
  }
}

function toCandidate(
  store: Pick<ObjectStore, 'remove'>,
  videoId: number,
  reason: string,
  objects: readonly StoredObject[],
): Candidate {
  return {
    videoId,
    key: objects[0]?.key ?? null,
    objects: objects.length,
    sizeBytes: objects.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    since: objects.reduce(
      (oldest, { lastModified }) => (lastModified < oldest ? lastModified : oldest),
      new Date(),
    ),
    reason,
    remove: () => store.remove(objects.map(({ key }) => key)),
  };
}

/** The result with one more thing that was found, and removed unless it is a dry run. */
export function addCandidate(result: RetentionResult, candidate: Candidate): RetentionResult {
  if (candidate.key === null) return result;
  const { videoId, key, objects, sizeBytes, since, reason } = candidate;
  const example = { video_id: videoId, key, objects, bytes: sizeBytes, since: since.toISOString(), reason };
  return addRetentionResults(result, {
    ...NOTHING_REMOVED,
    items: 1,
    objects,
    bytes: sizeBytes,
    examples: [example],
  });
}
