import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import type { Transaction } from 'sequelize';
import { type Actor, recordOnOthers } from '../audit/auditLog.ts';
import type { ServerContext } from '../context/serverContext.ts';
import type { UploadRow, VideoRow } from '../db/rows.ts';
import { transitionVideo } from '../db/transitions.ts';
import { cleanUpSoon } from '../transcode/cleanUp.ts';
import { uploadEndedError } from './openUploads.ts';
import { endSinglePut } from './singlePuts.ts';

const RETRY_MS = 60_000;

type Context = Pick<ServerContext, 'database' | 'store' | 'signals' | 'logger'>;

/**
 * Gives an unfinished upload up: the video is canceled at once, and what the store has of it goes; where the store
 * cannot be told now, the sweep does it. Giving up twice is harmless. Throws `state_conflict` for a complete upload.
 * `record` runs in the transaction that cancels the video, if that was not canceled before.
 */
export async function giveUpUpload(
  context: Context,
  video: VideoRow,
  record: (transaction: Transaction) => Promise<void> = async () => {},
): Promise<void> {
  await cancelUploading(context, video, { errorCode: null, errorMessage: null }, record);
  if (video.status !== 'canceled' || video.transcodeStartedAt !== null) throw uploadEndedError(video);
  const row = await context.database.models.Upload.findByPk(video.id);
  if (row !== null) await tryToFree(context, video, row);
}

/** Gives an unfinished upload up. Throws `state_conflict` for a complete one. */
export async function cancelUpload(context: ServerContext, video: VideoRow, actor: Actor): Promise<void> {
  const { models } = context.database;
  await giveUpUpload(context, video, (transaction) =>
    recordOnOthers(models, { actor, video, action: 'video.cancel' }, transaction),
  );
}

/**
 * Gives an upload up that was not finished in time, or ends one that was given up before and could not be freed. Does
 * nothing where it goes on or is complete by now. Throws where the store does not answer.
 */
export async function giveUpExpired(context: Context, videoId: number): Promise<void> {
  const { models } = context.database;
  const row = await models.Upload.findByPk(videoId);
  const video = await models.Video.findByPk(videoId);
  if (row === null || video === null || row.expiresAt > new Date()) return;
  await cancelUploading(context, video, {
    errorCode: 'upload_gone',
    errorMessage: 'The upload was not finished in time.',
  });
  if (video.status !== 'canceled') return;
  try {
    await freeUpload(context, video, row);
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
    // expired from now on: that is what the sweep looks for
    if (changed) {
      await models.Upload.update({ expiresAt: new Date() }, { where: { videoId: video.id }, transaction });
    }
    await video.reload({ transaction });
    if (changed) await record(transaction);
    return changed;
  });
  if (canceled) signals.videoChanged(video.id);
}

async function tryToFree(context: Context, video: VideoRow, row: UploadRow): Promise<void> {
  try {
    await freeUpload(context, video, row);
  } catch (error) {
    context.logger.warn(
      { err: error, video_id: video.id },
      'an upload that was given up stays in the store for now',
    );
    await postpone(context, video.id);
  }
}

/** Until the next round, and not before those that wait behind this one. */
async function postpone({ database }: Context, videoId: number): Promise<void> {
  const expiresAt = new Date(Date.now() + RETRY_MS);
  await database.models.Upload.update({ expiresAt }, { where: { videoId } });
}

async function freeUpload({ database, store }: Context, video: VideoRow, row: UploadRow): Promise<void> {
  await abortUploads(store, video.sourceKey);
  await store.remove([video.sourceKey]);
  if (video.putKey !== null) await endSinglePut({ store }, video.putKey);
  await database.models.Upload.destroy({ where: { videoId: row.videoId } });
}

/** Gives up whatever is open under a key: also what a crash kept from being written down. */
export async function abortUploads(store: ObjectStore, key: string): Promise<void> {
  for await (const upload of store.listUploads(key)) await store.abortUpload(upload);
}
