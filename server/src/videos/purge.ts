import { objectKeys, videoFolder } from '@reelmill/shared/core/objectKeys.ts';
import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import type { VideoRow } from '../db/rows.ts';
import type { ServerContext } from '../http/context.ts';
import { abortUploads } from '../upload/giveUp.ts';

const REMOVE_AT_ONCE = 500;
/** Workers stop within this time, also those that did not hear of it. */
const STRAGGLERS_MS = 60_000;
const RETRY_MS = 60_000;

type Context = Pick<ServerContext, 'database' | 'store' | 'config'>;

/**
 * Removes the objects of a deleted video: once at once, and once more when every URL that could still write some has
 * ended; then the row goes too. Every step may be repeated. Throws where the store does not answer; then it is put off.
 */
export async function purgeVideo(
  context: Context,
  video: Pick<VideoRow, 'id' | 'sourceKey' | 'objectFolder' | 'deletedAt'>,
): Promise<void> {
  try {
    await removeObjects(context.store, video);
  } catch (error) {
    await postpone(context, video.id, Date.now() + RETRY_MS);
    throw error;
  }
  const { database, config } = context;
  const writersEndAt = (video.deletedAt?.getTime() ?? 0) + config.URL_TTL_SECONDS * 1000 + STRAGGLERS_MS;
  if (Date.now() < writersEndAt) await postpone(context, video.id, writersEndAt);
  else await database.models.Video.destroy({ where: { id: video.id } });
}

async function removeObjects(
  store: ObjectStore,
  video: Pick<VideoRow, 'id' | 'sourceKey' | 'objectFolder'>,
): Promise<void> {
  const folder = videoFolder(video);
  await abortUploads(store, video.sourceKey);
  await removeAll(store, objectKeys.rawPrefix(folder));
  await removeAll(store, objectKeys.processedPrefix(folder));
}

async function removeAll(store: ObjectStore, prefix: string): Promise<void> {
  let keys: string[] = [];
  for await (const { key } of store.list(prefix)) {
    keys.push(key);
    if (keys.length === REMOVE_AT_ONCE) {
      await store.remove(keys);
      keys = [];
    }
  }
  if (keys.length > 0) await store.remove(keys);
}

async function postpone({ database }: Context, videoId: number, until: number): Promise<void> {
  await database.models.Video.update(
    { purgeAfter: new Date(until) },
    { where: { id: videoId }, silent: true },
  );
}
