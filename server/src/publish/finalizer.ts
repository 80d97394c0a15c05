import { type Recurring, startRecurring } from '../background/recurring.ts';
import type { FarmContext } from '../context/farmContext.ts';
import { isTemporary } from '../db/connectionLoss.ts';
import type { VideoRow } from '../db/rows.ts';
import { creatorMessage } from '../transcode/creatorMessage.ts';
import { failTranscode } from '../transcode/lifecycle.ts';
import { publishVideo } from './publishVideo.ts';

const POLL_MS = 2_000;

/** Publishes every video in the phase `finalizing`; retries when a dependency was unavailable. */
export function startFinalizer(context: FarmContext): Recurring {
  return startRecurring({
    name: 'finalizer',
    intervalMs: POLL_MS,
    logger: context.logger,
    metrics: context.metrics,
    work: async (signal) => {
      const videos = await context.database.models.Video.findAll({
        where: { status: 'transcoding', phase: 'finalizing' },
        order: ['id'],
      });
      for (const video of videos) {
        if (signal.aborted) break;
        await finalize(context, video);
      }
      return false;
    },
  });
}

async function finalize(context: FarmContext, video: VideoRow): Promise<void> {
  try {
    await publishVideo(context, video);
  } catch (error) {
    if (isTemporary(error)) throw error;
    // every retry would fail, and the video would stay at 99 %
    context.logger.error({ err: error, video_id: video.id }, 'publishing failed');
    await failUnpublishable(context, video, error);
  }
}

async function failUnpublishable(context: FarmContext, video: VideoRow, cause: unknown): Promise<void> {
  const { metrics, database } = context;
  const { models } = database;
  const diagnostics = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  const failure = {
    code: 'internal',
    message: creatorMessage({ code: 'internal', message: '' }),
    diagnostics,
  } as const;
  await database.transaction((transaction) =>
    failTranscode({ models, transaction, video, failure, metrics }),
  );
  context.signals.videoChanged(video.id);
}
