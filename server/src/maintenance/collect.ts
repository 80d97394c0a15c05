import type { ObjectStore, StoredObject } from '@reelmill/shared/ports/objectStore.ts';
import type { Finding, RetentionContext } from './job.ts';

export interface StrayObject {
  object: StoredObject;
  /** For people; objects of a video that go for the same reason are one finding. */
  reason: string;
}

/** The objects of one video that are to go, by their reason. */
export async function collectFindings(
  store: Pick<ObjectStore, 'remove'>,
  videoId: number,
  strays: AsyncIterable<StrayObject> | Iterable<StrayObject>,
): Promise<Finding[]> {
  const byReason = new Map<string, StoredObject[]>();
  for await (const { object, reason } of strays) {
    const objects = byReason.get(reason);
    if (objects === undefined) byReason.set(reason, [object]);
    else objects.push(object);
  }
  return [...byReason].map(([reason, objects]) => toFinding(store, videoId, reason, objects));
}

/**
 * What `look` finds; where it fails while the store is there, a finding that fails in its place: one thing that cannot be
 * looked at keeps others from nothing. Throws where the store is away.
 */
export async function findOrFail(
  { store }: Pick<RetentionContext, 'store'>,
  videoId: number,
  look: () => Promise<Finding>,
): Promise<Finding> {
  try {
    return await look();
  } catch (error) {
    await store.check();
    const remove = () => Promise.reject(error);
    const nothing = { key: null, objects: 0, sizeBytes: 0, since: new Date() };
    return { videoId, ...nothing, reason: 'cannot be looked at', remove };
  }
}

function toFinding(
  store: Pick<ObjectStore, 'remove'>,
  videoId: number,
  reason: string,
  objects: readonly StoredObject[],
): Finding {
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
