import { randomBytes } from 'node:crypto';
import { objectKeys, videoFolder } from '@reelmill/shared/core/objectKeys.ts';
import type { StoredObject } from '@reelmill/shared/ports/objectStore.ts';
import type { ServerConfig } from '@reelmill/shared/runtime/config.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { Op } from 'sequelize';
import type { ServerContext } from '../context/serverContext.ts';
import type { VideoRow } from '../db/rows.ts';
import { claimSource, type QuotaClaim } from '../users/quotas.ts';
import { checkSize } from './sizeLimits.ts';

/*
 * A single PUT announces no size, and S3 accepts further PUTs until its URL expires. So the uploaded object is never the
 * source itself: it has a key of its own, and completing copies the verified content (by its ETag) to a key that no URL
 * was ever signed for. The retention job `late_uploads` removes later uploads.
 */

const MAX_URL_SECONDS = 900;
/** An upload may start just before its URL expires and end long after. */
const SLOW_UPLOAD_MS = 3_600_000;
/** No signed URL lives longer than a week, in any configuration. */
export const MAX_LATE_PUT_MS = 7 * 24 * 3_600_000 + SLOW_UPLOAD_MS;

/** Returns how long the URL of a single PUT is valid. */
export function singlePutSeconds({ URL_TTL_SECONDS }: Pick<ServerConfig, 'URL_TTL_SECONDS'>): number {
  return Math.min(URL_TTL_SECONDS, MAX_URL_SECONDS);
}

/** Returns until when an upload may arrive through a URL that is valid for so long. */
export function lateUntil(urlSeconds: number): Date {
  return new Date(Date.now() + urlSeconds * 1000 + SLOW_UPLOAD_MS);
}

/**
 * Expires the oldest single uploads of the user beyond `SINGLE_UPLOADS_PER_USER`, to allow one more. Returns their videos;
 * the caller ends them after the commit, or else a retention job does.
 */
export async function expireOldestPuts({
  models,
  config,
  transaction,
  userId,
}: QuotaClaim & { config: Pick<ServerConfig, 'SINGLE_UPLOADS_PER_USER'> }): Promise<number[]> {
  const now = new Date();
  const open = await models.Upload.findAll({
    where: { userId, partSizeBytes: null, expiresAt: { [Op.gt]: now } },
    order: [['videoId', 'DESC']],
    offset: config.SINGLE_UPLOADS_PER_USER - 1,
    limit: 1_000,
    transaction,
  });
  const videoIds = open.map(({ videoId }) => videoId);
  if (videoIds.length > 0) {
    await models.Upload.update({ expiresAt: now }, { where: { videoId: videoIds }, transaction });
  }
  return videoIds;
}

/**
 * Copies the uploaded object to a key that no URL can write. Returns the copy. Throws `upload_incomplete`, `empty_file`,
 * and, after it has removed the uploaded object, `too_large` or `quota_exceeded`.
 */
export async function acceptSinglePut(context: ServerContext, video: VideoRow): Promise<StoredObject> {
  const { store } = context;
  const object = await store.stat(putKeyOf(video));
  if (object === null) {
    throw new ReelmillError(
      'upload_incomplete',
      'The file has not been uploaded, or the store rejected it. PUT the file to its upload URL first and check the response.',
    );
  }
  if (object.sizeBytes === 0) throw new ReelmillError('empty_file', 'The uploaded file is empty.');
  try {
    await checkAllowed(context, video, object.sizeBytes);
  } catch (error) {
    await store.remove([object.key]);
    throw error;
  }
  const key = objectKeys.acceptedSource(videoFolder(video), randomBytes(8).toString('hex'), video.fileName);
  try {
    return await store.copy(object, key);
  } catch (error) {
    if (!(error instanceof ReelmillError && error.code === 'precondition_failed')) throw error;
    throw new ReelmillError(
      'upload_incomplete',
      'The file was uploaded again in the meantime. Complete it when that upload is done.',
      { cause: error },
    );
  }
}

/** Invalidates the URL if the store can, and removes the object; retention removes later PUTs. Throws if the store fails. */
export async function endSinglePut({ store }: Pick<ServerContext, 'store'>, key: string): Promise<void> {
  await store.endPut(key);
  await store.remove([key]);
}

/** Returns the key of the URL of a single PUT; in earlier versions it was the source itself. */
export function putKeyOf({ putKey, sourceKey }: Pick<VideoRow, 'putKey' | 'sourceKey'>): string {
  return putKey ?? sourceKey;
}

async function checkAllowed(
  context: ServerContext,
  { id, userId }: Pick<VideoRow, 'id' | 'userId'>,
  sizeBytes: number,
): Promise<void> {
  checkSize(context, sizeBytes);
  const { database, config } = context;
  await database.transaction((transaction) =>
    claimSource({ models: database.models, config, transaction, userId }, { videoId: id, sizeBytes }),
  );
}
