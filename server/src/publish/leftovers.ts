import { objectKeys, type VideoFolder } from '@reelmill/shared/core/objectKeys.ts';
import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';

const BATCH = 500;
const VERSION_IN_NAME = /\/(?:init|seg)_(\d+)(?:_\d+)?\.(?:mp4|m4s)$/;

/** The plan's version in the key of a segment or init; null for other keys. */
export function versionInKey(key: string): number | null {
  const found = VERSION_IN_NAME.exec(key)?.[1];
  return found === undefined ? null : Number(found);
}

/** Removes segments and inits that belong to another plan than `version`. Throws where the store does not answer. */
export async function removeOtherVersions(
  store: ObjectStore,
  folder: VideoFolder,
  version: number,
): Promise<number> {
  return removeWhere(store, objectKeys.processedPrefix(folder), (key) => {
    const found = versionInKey(key);
    return found !== null && found !== version;
  });
}

/** Removes everything that was made of a video up to and including a plan; a later plan's segments stay. */
export async function removeUpToVersion(
  store: ObjectStore,
  folder: VideoFolder,
  version: number,
): Promise<number> {
  return removeWhere(store, objectKeys.processedPrefix(folder), (key) => {
    const found = versionInKey(key);
    return found !== null && found <= version;
  });
}

async function removeWhere(
  store: ObjectStore,
  prefix: string,
  isLeftover: (key: string) => boolean,
): Promise<number> {
  let removed = 0;
  let batch: string[] = [];
  const removeBatch = async (): Promise<void> => {
    await store.remove(batch);
    removed += batch.length;
    batch = [];
  };
  for await (const { key } of store.list(prefix)) {
    if (isLeftover(key)) batch.push(key);
    if (batch.length === BATCH) await removeBatch();
  }
  if (batch.length > 0) await removeBatch();
  return removed;
}
