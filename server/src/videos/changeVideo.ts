import type { VideoUpdate, Visibility } from '@reelmill/shared/contracts/videos.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { Attributes, Transaction } from 'sequelize';
import { type Actor, recordForeignVideoEvent } from '../audit/auditLog.ts';
import { reloadVideo } from '../catalog/access.ts';
import type { ServerContext } from '../context/serverContext.ts';
import type { VideoRow } from '../db/rows.ts';
import { newLinkToken, newLinkVersion } from '../signing/linkTokens.ts';
import { cancelTranscode, retryTranscode, sourceGone } from '../transcode/lifecycle.ts';
import { cancelUpload } from '../uploads/abortUpload.ts';

/** Changes title, description or visibility. */
export async function updateVideo(
  context: ServerContext,
  video: VideoRow,
  patch: VideoUpdate,
  actor: Actor,
): Promise<void> {
  const { models } = context.database;
  const changed = Object.entries(patch).flatMap(([field, value]) => (value === undefined ? [] : [field]));
  const details = { changed, ...(patch.visibility === undefined ? {} : { visibility: patch.visibility }) };
  await change(context, video, async (transaction) => {
    // a concurrent change may have made it private, and its new links depend on its current visibility
    await reloadVideo(video, transaction);
    const { title = video.title, description = video.description, visibility = video.visibility } = patch;
    const values = { title, description, visibility, ...linksFor(video, visibility) };
    await models.Video.update(values, { where: { id: video.id }, transaction });
    await recordForeignVideoEvent(models, { actor, video, action: 'video.update', details }, transaction);
    await video.reload({ transaction });
  });
}

/** From the smallest audience to the largest. */
const AUDIENCES: readonly Visibility[] = ['private', 'unlisted', 'public'];

/** Returns the link columns for a new visibility; a smaller audience revokes all links. */
function linksFor(video: VideoRow, visibility: Visibility): Partial<Attributes<VideoRow>> {
  if (visibility === video.visibility) return {};
  const narrower = AUDIENCES.indexOf(visibility) < AUDIENCES.indexOf(video.visibility);
  return {
    linkToken: visibility === 'unlisted' ? newLinkToken() : null,
    legacyLinkSince: null,
    ...(narrower ? { linkVersion: newLinkVersion() } : {}),
  };
}

/** Revokes every link to a video and creates a new one. Throws `state_conflict` for a public video, which needs none. */
export async function renewLink(context: ServerContext, video: VideoRow, actor: Actor): Promise<void> {
  const { models } = context.database;
  await change(context, video, async (transaction) => {
    await reloadVideo(video, transaction);
    if (video.visibility === 'public') {
      throw new ReelmillError(
        'state_conflict',
        'Everybody can watch a public video. Make it private or unlisted first.',
      );
    }
    const linkToken = video.visibility === 'unlisted' ? newLinkToken() : null;
    const links = { linkVersion: newLinkVersion(), linkToken, legacyLinkSince: null };
    await models.Video.update(links, { where: { id: video.id }, transaction });
    await recordForeignVideoEvent(models, { actor, video, action: 'video.renew_link' }, transaction);
    await video.reload({ transaction });
  });
}

/** Stops an upload or a transcode. A video that is canceled stays so; throws `state_conflict` in any other state. */
export async function cancelVideo(context: ServerContext, video: VideoRow, actor: Actor): Promise<void> {
  const { models } = context.database;
  if (video.status === 'canceled') return;
  if (video.status === 'uploading') return cancelUpload(context, video, actor);
  await change(context, video, async (transaction) => {
    await reloadVideo(video, transaction);
    // a concurrent request has canceled it
    if (video.status === 'canceled') return;
    await cancelTranscode({ models, transaction, video });
    await recordForeignVideoEvent(models, { actor, video, action: 'video.cancel' }, transaction);
  });
  broadcastCancel(context, video.id);
}

/** Transcodes a failed or canceled video again. Throws `state_conflict`, or `source_gone`. */
export async function retryVideo(context: ServerContext, video: VideoRow, actor: Actor): Promise<void> {
  const { database, store, signals } = context;
  const { models } = database;
  if (video.transcodeStartedAt !== null && (await store.stat(video.sourceKey)) === null) {
    throw sourceGone();
  }
  await change(context, video, async (transaction) => {
    await reloadVideo(video, transaction);
    await retryTranscode({ models, transaction, video, requestId: actor.requestId });
    await recordForeignVideoEvent(models, { actor, video, action: 'video.retry' }, transaction);
  });
  signals.tasksWaiting();
}

/**
 * Marks a video as deleted, which hides it everywhere. A retention job removes its objects and its row, also after a crash.
 */
export async function deleteVideo(context: ServerContext, video: VideoRow, actor: Actor): Promise<void> {
  const { models } = context.database;
  const wasTranscoding = await change(context, video, async (transaction) => {
    await reloadVideo(video, transaction);
    const now = new Date();
    await models.Video.update({ deletedAt: now, purgeAfter: now }, { where: { id: video.id }, transaction });
    const details = { title: video.title };
    await recordForeignVideoEvent(models, { actor, video, action: 'video.delete', details }, transaction);
    if (video.status !== 'transcoding') return false;
    await cancelTranscode({ models, transaction, video });
    return true;
  });
  if (wasTranscoding) broadcastCancel(context, video.id);
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

/** Only saves the workers' time: their tasks are canceled already, and fencing ignores their reports. */
function broadcastCancel({ queue, logger }: ServerContext, videoId: number): void {
  queue.broadcast({ v: 1, type: 'cancel_video', videoId }).catch((error: unknown) => {
    logger.warn({ err: error, video_id: videoId }, 'cancel not broadcast');
  });
}
