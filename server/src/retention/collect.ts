import type { ObjectStore, StoredObject } from '@reelmill/shared/ports/objectStore.ts';
import type { Finding } from './job.ts';

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
