import { objectKeys } from '@reelmill/shared/core/objectKeys.ts';
import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import { Op } from 'sequelize';
import type { VideoRow } from '../db/rows.ts';
import type { ServerContext } from '../http/context.ts';

const BATCH = 20;
const REMOVE_AT_ONCE = 500;
/** Workers stop within this time, also those that did not hear of it. */
const STRAGGLERS_MS = 60_000;
const RETRY_MS = 60_000;

type Context = Pick<ServerContext, 'database' | 'store' | 'config' | 'logger'>;

/**
 * Removes the objects of deleted videos: once at once, and once more when every URL that could still write some has
 * ended; then the row goes too. Every step may be repeated. Answers whether there is more to do.
 */
export async function purgeVideos(context: Context): Promise<boolean> {
  const { models } = context.database;
  const videos = await models.Video.findAll({
    where: { purgeAfter: { [Op.lte]: new Date() } },
    attributes: ['id', 'sourceKey', 'deletedAt'],
    order: [['purgeAfter', 'ASC']],
    limit: BATCH,
  });
  for (const video of videos) {
    try {
      await purgeVideo(context, video);
    } catch (error) {
      context.logger.warn({ err: error, video_id: video.id }, 'a deleted video stays in the store for now');
      await postpone(context, video.id, Date.now() + RETRY_MS);
    }
  }
  return videos.length === BATCH;
}

async function purgeVideo(
  context: Context,
  video: Pick<VideoRow, 'id' | 'sourceKey' | 'deletedAt'>,
): Promise<void> {
  const { database, store, config } = context;
  const { models } = database;
  const upload = await models.Upload.findByPk(video.id);
  if (upload?.storeUploadId) {
    await store.abortUpload({ key: video.sourceKey, uploadId: upload.storeUploadId });
  }
  await removeAll(store, objectKeys.rawPrefix(video.id));
  await removeAll(store, objectKeys.processedPrefix(video.id));
  const writersEndAt = (video.deletedAt?.getTime() ?? 0) + config.URL_TTL_SECONDS * 1000 + STRAGGLERS_MS;
  if (Date.now() < writersEndAt) await postpone(context, video.id, writersEndAt);
  else await models.Video.destroy({ where: { id: video.id } });
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
