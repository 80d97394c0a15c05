import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import type { Transaction } from 'sequelize';
import { type Actor, recordForeignVideoEvent } from '../audit/auditLog.ts';
import type { ServerContext } from '../context/serverContext.ts';
import type { UploadRow, VideoRow } from '../db/rows.ts';
import { transitionVideo } from '../db/transitions.ts';
import { cleanUpSoon } from '../transcode/cleanUp.ts';
import { uploadEndedError } from './openUploads.ts';
import { endSinglePut } from './singlePuts.ts';

const RETRY_MS = 60_000;

type Context = Pick<ServerContext, 'database' | 'store' | 'signals' | 'logger'>;

/**
 * Aborts an open upload: cancels the video at once and removes the parts from the store; if the store fails, a retention job
 * removes them later. Idempotent. Throws `state_conflict` for a complete upload. `record` runs in the transaction that
 * cancels the video, unless it is canceled already.
 */
export async function abortUpload(
  context: Context,
  video: VideoRow,
  record: (transaction: Transaction) => Promise<void> = async () => {},
): Promise<void> {
  await cancelUploading(context, video, { errorCode: null, errorMessage: null }, record);
  if (video.status !== 'canceled' || video.transcodeStartedAt !== null) throw uploadEndedError(video);
  const row = await context.database.models.Upload.findByPk(video.id);
  if (row !== null) await tryToRemove(context, video, row);
}

/** Aborts an open upload for a user, with an audit event for an admin. Throws `state_conflict` for a complete one. */
export async function cancelUpload(context: ServerContext, video: VideoRow, actor: Actor): Promise<void> {
  const { models } = context.database;
  await abortUpload(context, video, (transaction) =>
    recordForeignVideoEvent(models, { actor, video, action: 'video.cancel' }, transaction),
  );
}

/**
 * Ends an expired upload, and removes an aborted one whose parts could not be removed before. Does nothing where the upload
 * has been continued or completed. Throws where the store fails.
 */
export async function expireUpload(context: Context, videoId: number): Promise<void> {
  const { models } = context.database;
  const row = await models.Upload.findByPk(videoId);
  const video = await models.Video.findByPk(videoId);
  if (row === null || video === null || row.expiresAt > new Date()) return;
  await cancelUploading(context, video, {
    errorCode: 'upload_gone',
    errorMessage: 'The upload has expired.',
  });
  if (video.status !== 'canceled') return;
  try {
    await removeUpload(context, video, row);
  } catch (error) {
    await postpone(context, videoId);
    throw error;
  }
}

async function cancelUploading(
  { database, signals }: Context,
  video: VideoRow,
  reason: Pick<VideoRow, 'errorCode' | 'errorMessage'>,
  record: (transaction: Transaction) => Promise<void> = async () => {},
): Promise<void> {
  const { models } = database;
  const canceled = await database.transaction(async (transaction) => {
    const changed = await transitionVideo(models, 'canceled', {
      from: ['uploading'],
      where: { id: video.id },
      values: { ...reason, ...cleanUpSoon() },
      transaction,
    });
    // expires it now: the retention job looks for expired uploads
    if (changed) {
      await models.Upload.update({ expiresAt: new Date() }, { where: { videoId: video.id }, transaction });
    }
    await video.reload({ transaction });
    if (changed) await record(transaction);
    return changed;
  });
  if (canceled) signals.videoChanged(video.id);
}

async function tryToRemove(context: Context, video: VideoRow, row: UploadRow): Promise<void> {
  try {
    await removeUpload(context, video, row);
  } catch (error) {
    context.logger.warn({ err: error, video_id: video.id }, 'aborted upload not removed yet');
    await postpone(context, video.id);
  }
}

/** Postpones the next attempt, so that uploads behind this one are not delayed. */
async function postpone({ database }: Context, videoId: number): Promise<void> {
  const expiresAt = new Date(Date.now() + RETRY_MS);
  await database.models.Upload.update({ expiresAt }, { where: { videoId } });
}

async function removeUpload({ database, store }: Context, video: VideoRow, row: UploadRow): Promise<void> {
  await abortStoreUploads(store, video.sourceKey);
  await store.remove([video.sourceKey]);
  if (video.putKey !== null) await endSinglePut({ store }, video.putKey);
  await database.models.Upload.destroy({ where: { videoId: row.videoId } });
}

/** Aborts every open multipart upload of a key, also those that a crash kept out of the database. */
export async function abortStoreUploads(store: ObjectStore, key: string): Promise<void> {
  for await (const upload of store.listUploads(key)) await store.abortUpload(upload);
}
