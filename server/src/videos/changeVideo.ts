import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { Transaction } from 'sequelize';
import type { VideoRow } from '../db/rows.ts';
import { cancelTranscode, retryTranscode } from '../dispatch/lifecycle.ts';
import type { ServerContext } from '../http/context.ts';
import { giveUpUpload } from '../upload/giveUp.ts';

/** Stops an upload or a transcode. A video that is canceled stays so; throws `state_conflict` in any other state. */
export async function cancelVideo(context: ServerContext, video: VideoRow): Promise<void> {
  if (video.status === 'canceled') return;
  if (video.status === 'uploading') return giveUpUpload(context, video);
  await change(context, video, (transaction) =>
    cancelTranscode({ models: context.database.models, transaction, video }),
  );
  tellWorkers(context, video.id);
}

/** Transcodes a failed or canceled video again. Throws `state_conflict`, also where its source is gone. */
export async function retryVideo(context: ServerContext, video: VideoRow, requestId: string): Promise<void> {
  const { database, store, signals } = context;
  if (video.transcodeStartedAt !== null && (await store.stat(video.sourceKey)) === null) {
    throw new ReelmillError(
      'state_conflict',
      'The source of this video is not there any more; upload it again.',
    );
  }
  await change(context, video, (transaction) =>
    retryTranscode({ models: database.models, transaction, video, requestId }),
  );
  signals.tasksWaiting();
}

/**
 * Deletes a video as far as anybody can see. Its objects and its row are removed by the sweep, which goes on after a
 * crash where it stopped.
 */
export async function deleteVideo(context: ServerContext, video: VideoRow): Promise<void> {
  const { models } = context.database;
  const wasTranscoding = await change(context, video, async (transaction) => {
    const now = new Date();
    await models.Video.update({ deletedAt: now, purgeAfter: now }, { where: { id: video.id }, transaction });
    await video.reload({ transaction });
    if (video.status !== 'transcoding') return false;
    await cancelTranscode({ models, transaction, video });
    return true;
  });
  if (wasTranscoding) tellWorkers(context, video.id);
}

async function change<T>(
  { database, signals }: ServerContext,
  video: VideoRow,
  work: (transaction: Transaction) => Promise<T>,
): Promise<T> {
  const result = await database.transaction(work);
  signals.videoChanged(video.id);
  return result;
}

/** Only saves the workers' time: their tasks are canceled already, and what they still say changes nothing. */
function tellWorkers({ queue, logger }: ServerContext, videoId: number): void {
  queue.broadcast({ v: 1, type: 'cancel_video', videoId }).catch((error: unknown) => {
    logger.warn({ err: error, video_id: videoId }, 'workers could not be told to stop');
  });
}
