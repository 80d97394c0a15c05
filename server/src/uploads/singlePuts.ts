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
 * An upload by a single PUT tells no size before, and S3 takes it as often as its URL is used until that expires. So what
 * is PUT is never what is used: it goes to a key of its own, and completing copies the content that was checked (by its
 * ETag) to a key that no URL was ever made for. Whatever comes later is removed by the `late_uploads` sweep.
 */

const MAX_URL_SECONDS = 900;
/** An upload may have begun just before its URL expired and end long after. */
const SLOW_UPLOAD_MS = 3_600_000;
/** No signed URL lives longer than a week, whatever the settings are or were. */
export const LONGEST_LATE_PUT_MS = 7 * 24 * 3_600_000 + SLOW_UPLOAD_MS;

/** How long the URL of a single PUT lives. */
export function singlePutSeconds({ URL_TTL_SECONDS }: Pick<ServerConfig, 'URL_TTL_SECONDS'>): number {
  return Math.min(URL_TTL_SECONDS, MAX_URL_SECONDS);
}

/** Until when something may arrive through a URL that lives so long. */
export function lateUntil(urlSeconds: number): Date {
  return new Date(Date.now() + urlSeconds * 1000 + SLOW_UPLOAD_MS);
}

/**
 * Makes room for one more open single PUT of the user: the oldest beyond `SINGLE_UPLOADS_PER_USER` expire. Returns their
 * videos, for whoever ends them once this is committed; the sweep does so otherwise.
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
 * Copies what was PUT to where nothing can be put any more. Returns the copy. Throws `upload_incomplete`, `empty_file`,
 * and, once what was uploaded is removed, `too_large` or `quota_exceeded`.
 */
export async function acceptSinglePut(context: ServerContext, video: VideoRow): Promise<StoredObject> {
  const { store } = context;
  const object = await store.stat(putKeyOf(video));
  if (object === null) {
    throw new ReelmillError(
      'upload_incomplete',
      'Nothing has been uploaded yet, or the store refused it: PUT the file to its upload URL first, and see what that responds.',
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
      'The file was uploaded again meanwhile; complete it when that is done.',
      { cause: error },
    );
  }
}

/** Ends the URL where the store can, and removes what was PUT; later PUTs are the sweep's. Throws where the store fails. */
export async function endSinglePut({ store }: Pick<ServerContext, 'store'>, key: string): Promise<void> {
  await store.endPut(key);
  await store.remove([key]);
}

/** The key that the URL of a single PUT was signed for; uploads of earlier versions put the source itself. */
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
