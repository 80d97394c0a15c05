import { objectKeys, videoFolder } from '@reelmill/shared/core/objectKeys.ts';
import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import type { ServerContext } from '../context/serverContext.ts';
import type { VideoRow } from '../db/rows.ts';
import { abortStoreUploads } from '../uploads/abortUpload.ts';
import { endSinglePut, putKeyOf } from '../uploads/singlePuts.ts';

const REMOVE_AT_ONCE = 500;
/** Workers stop within this time, also those that did not hear of it. */
const LATE_WRITES_MS = 60_000;
const RETRY_MS = 60_000;
/**
 * A single PUT that S3 began to take before its URL expired may end long after the `late_uploads` job has stopped
 * looking: so long it is awaited, and so often looked for.
 */
const LONGEST_PUT_MS = 24 * 3_600_000;
const LOOK_AGAIN_MS = 3_600_000;

type Context = Pick<ServerContext, 'database' | 'store' | 'config'>;

/** What a purge must know of a video. */
export const PURGE_COLUMNS = [
  'id',
  'sourceKey',
  'objectFolder',
  'putKey',
  'putEndsAt',
  'deletedAt',
] as const satisfies (keyof VideoRow)[];
export type DeletedVideo = Pick<VideoRow, (typeof PURGE_COLUMNS)[number]>;

/**
 * Removes the objects of a deleted video: at once, every hour while something may still write some, and once more when
 * nothing can; then the row goes too. Every step may be repeated. Throws where the store does not respond; then it is postponed.
 */
export async function purgeVideo(context: Context, video: DeletedVideo): Promise<void> {
  try {
    await removeObjects(context.store, video);
  } catch (error) {
    await postpone(context, video.id, Date.now() + RETRY_MS);
    throw error;
  }
  const { database, config } = context;
  const endsAt = writersEndAt(config, video);
  const now = Date.now();
  if (now < endsAt) await postpone(context, video.id, Math.min(endsAt, now + LOOK_AGAIN_MS));
  else await database.models.Video.destroy({ where: { id: video.id } });
}

function writersEndAt(config: Context['config'], { deletedAt, putEndsAt }: DeletedVideo): number {
  const urlsEndAt = (deletedAt?.getTime() ?? 0) + config.URL_TTL_SECONDS * 1000 + LATE_WRITES_MS;
  return putEndsAt === null ? urlsEndAt : Math.max(urlsEndAt, putEndsAt.getTime() + LONGEST_PUT_MS);
}

async function removeObjects(store: ObjectStore, video: DeletedVideo): Promise<void> {
  const folder = videoFolder(video);
  await abortStoreUploads(store, video.sourceKey);
  // those of earlier versions put the source itself
  if (video.putKey !== null || video.objectFolder === null) await endSinglePut({ store }, putKeyOf(video));
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
