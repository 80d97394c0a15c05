import { findFaultyParts } from '@reelmill/shared/core/uploadPlan.ts';
import type { ObjectStore, StoredObject } from '@reelmill/shared/ports/objectStore.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { reloadVideo } from '../catalog/access.ts';
import type { ServerContext } from '../context/serverContext.ts';
import type { VideoRow } from '../db/rows.ts';
import { startTranscode } from '../transcode/lifecycle.ts';
import { claimSource } from '../users/quotas.ts';
import { asMultipart, type MultipartUpload, uploadEndedError, uploadGone } from './openUploads.ts';
import { acceptSinglePut, endSinglePut, lateUntil, putKeyOf } from './singlePuts.ts';

/*
 * Completing is idempotent: the store joins the parts (again), then one transaction changes the video's state and creates
 * its first task. A second request, or one after a crash between the two, finds the object joined or the state changed,
 * and continues from there.
 */

const MAX_LISTED_PARTS = 100;
/** Errors of a store for an upload whose parts it has joined, or is joining. */
const MAY_BE_JOINED: ReadonlySet<string> = new Set(['upload_gone', 'upload_incomplete']);

/**
 * Verifies and joins the uploaded parts and starts the transcode. Does nothing where the upload is complete already.
 * Throws `upload_incomplete`, `part_size_mismatch`, `size_mismatch`, `empty_file`, `too_large`, `quota_exceeded`
 * or `upload_gone`.
 */
export async function completeUpload(
  context: ServerContext,
  video: VideoRow,
  requestId: string | null,
): Promise<void> {
  if (video.status !== 'uploading') return acceptEnded(video);
  const object = await verifyObject(context, video).catch(async (error: unknown) => {
    // another request may have completed or aborted it in the meantime
    await reloadVideo(video);
    if (video.status === 'uploading') throw error;
    return null;
  });
  if (object === null) return acceptEnded(video);
  await start(context, video, object, requestId);
}

function acceptEnded(video: VideoRow): void {
  if (video.transcodeStartedAt === null) throw uploadEndedError(video);
}

async function verifyObject(context: ServerContext, video: VideoRow): Promise<StoredObject> {
  const row = await context.database.models.Upload.findByPk(video.id);
  if (row === null) throw uploadGone();
  const upload = asMultipart(video, row);
  if (upload !== null) return joinParts(context.store, upload);
  if (row.partSizeBytes !== null) throw uploadGone();
  return acceptSinglePut(context, video);
}

async function joinParts(store: ObjectStore, upload: MultipartUpload): Promise<StoredObject> {
  try {
    return await joinListed(store, upload);
  } catch (error) {
    if (!(error instanceof ReelmillError && MAY_BE_JOINED.has(error.code))) throw error;
    // they may be joined already: by a concurrent request, or by an earlier one that was interrupted
    const object = await store.stat(upload.ref.key);
    if (object === null) throw error;
    return checkJoined(object, upload);
  }
}

async function joinListed(store: ObjectStore, upload: MultipartUpload): Promise<StoredObject> {
  const parts = await store.listParts(upload.ref);
  checkParts(upload, parts);
  const planned = parts.filter(({ partNumber }) => partNumber <= upload.partCount);
  return checkJoined(await store.completeUpload(upload.ref, planned), upload);
}

function checkJoined(object: StoredObject, upload: MultipartUpload): StoredObject {
  if (object.sizeBytes === upload.sizeBytes) return object;
  throw new ReelmillError('size_mismatch', 'The received size does not match the file.', {
    details: { expected_bytes: upload.sizeBytes, actual_bytes: object.sizeBytes },
  });
}

function checkParts(upload: MultipartUpload, parts: Awaited<ReturnType<ObjectStore['listParts']>>): void {
  const { missing, misfits } = findFaultyParts(upload, parts);
  if (misfits.length > 0) {
    throw new ReelmillError(
      'part_size_mismatch',
      `${misfits.length} part(s) have the wrong size. Send them again.`,
      {
        details: {
          parts: misfits.slice(0, MAX_LISTED_PARTS).map(({ partNumber, sizeBytes, expectedBytes }) => ({
            part_number: partNumber,
            size: sizeBytes,
            expected_size: expectedBytes,
          })),
        },
      },
    );
  }
  if (missing.length > 0) {
    throw new ReelmillError(
      'upload_incomplete',
      `${missing.length} of ${upload.partCount} part(s) are missing.`,
      {
        details: { missing_count: missing.length, missing_parts: missing.slice(0, MAX_LISTED_PARTS) },
      },
    );
  }
}

async function start(
  context: ServerContext,
  video: VideoRow,
  object: StoredObject,
  requestId: string | null,
): Promise<void> {
  const { store, signals, metrics, logger } = context;
  const putKey = object.key === video.sourceKey ? null : putKeyOf(video);
  const started = await commitSource(context, video, { object, putKey, requestId }).catch(
    async (error: unknown) => {
      if (putKey !== null) await store.remove([object.key]);
      throw error;
    },
  );
  if (started) {
    metrics.uploadCompleted(object.sizeBytes);
    const { sizeBytes } = object;
    logger.info({ request_id: requestId, video_id: video.id, size_bytes: sizeBytes }, 'upload complete');
    signals.tasksWaiting();
    signals.videoChanged(video.id);
    if (putKey === null) return;
    await endSinglePut(context, putKey).catch((error: unknown) =>
      logger.warn({ err: error, video_id: video.id }, 'single put not removed after completion'),
    );
    return;
  }
  // another request has completed it with its own copy
  if (putKey !== null) await store.remove([object.key]);
  if (video.transcodeStartedAt === null) {
    // aborted while its parts were joined: the abort may have looked for the object too early
    await store.remove([object.key]);
    throw uploadEndedError(video);
  }
}

/** Commits the source, with exactly this content, and the first task. Returns false where the transcode has started. */
async function commitSource(
  { database, config }: ServerContext,
  video: VideoRow,
  { object, putKey, requestId }: { object: StoredObject; putKey: string | null; requestId: string | null },
): Promise<boolean> {
  const { models } = database;
  return database.transaction(async (transaction) => {
    await reloadVideo(video, transaction);
    if (video.status !== 'uploading') return false;
    // if the quota is exceeded, the upload stays open: complete succeeds as soon as there is room, until it expires
    await claimSource(
      { models, config, transaction, userId: video.userId },
      { videoId: video.id, sizeBytes: object.sizeBytes },
    );
    await video.update(
      {
        sizeBytes: object.sizeBytes,
        sourceKey: object.key,
        sourceEtag: object.etag,
        sourceLastModified: object.lastModified,
        ...(putKey === null
          ? {}
          : { putKey, putEndsAt: video.putEndsAt ?? lateUntil(config.URL_TTL_SECONDS) }),
      },
      { transaction },
    );
    if (!(await startTranscode({ models, transaction, video, requestId }))) return false;
    await models.Upload.destroy({ where: { videoId: video.id }, transaction });
    return true;
  });
}
