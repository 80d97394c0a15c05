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
 * Completing is safe to repeat at every point: the store joins the parts (again), then one transaction changes the
 * video's state and makes its first task. Whoever comes second, or again after a crash between the two, finds the
 * object joined or the state changed, and goes on from there.
 */

const NAMED_PARTS = 100;
/** What a store says of the parts of an upload that it has joined, or is joining. */
const MAY_BE_JOINED: ReadonlySet<string> = new Set(['upload_gone', 'upload_incomplete']);

/**
 * Verifies and joins what was uploaded and starts the transcode. Quietly does nothing where that has happened already.
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
    // another request may have completed it meanwhile, or given it up, and removed what was looked for
    await reloadVideo(video);
    if (video.status === 'uploading') throw error;
    return null;
  });
  if (object === null) return acceptEnded(video);
  await begin(context, video, object, requestId);
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
    // somebody else may have joined them: another call just now, or an earlier one that got no further
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
  throw new ReelmillError('size_mismatch', 'The object in the store has another size than the file.', {
    details: { expected_bytes: upload.sizeBytes, actual_bytes: object.sizeBytes },
  });
}

function checkParts(upload: MultipartUpload, parts: Awaited<ReturnType<ObjectStore['listParts']>>): void {
  const { missing, misfits } = findFaultyParts(upload, parts);
  if (misfits.length > 0) {
    throw new ReelmillError(
      'part_size_mismatch',
      `${misfits.length} part(s) have the wrong size; send them again.`,
      {
        details: {
          parts: misfits.slice(0, NAMED_PARTS).map(({ partNumber, sizeBytes, expectedBytes }) => ({
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
        details: { missing_count: missing.length, missing_parts: missing.slice(0, NAMED_PARTS) },
      },
    );
  }
}

async function begin(
  context: ServerContext,
  video: VideoRow,
  object: StoredObject,
  requestId: string | null,
): Promise<void> {
  const { store, signals, metrics, logger } = context;
  const putKey = object.key === video.sourceKey ? null : putKeyOf(video);
  const began = await commitSource(context, video, { object, putKey, requestId }).catch(
    async (error: unknown) => {
      if (putKey !== null) await store.remove([object.key]);
      throw error;
    },
  );
  if (began) {
    metrics.uploadCompleted(object.sizeBytes);
    const { sizeBytes } = object;
    logger.info({ request_id: requestId, video_id: video.id, size_bytes: sizeBytes }, 'upload complete');
    signals.tasksWaiting();
    signals.videoChanged(video.id);
    if (putKey === null) return;
    await endSinglePut(context, putKey).catch((error: unknown) =>
      logger.warn({ err: error, video_id: video.id }, 'upload not removed after completion'),
    );
    return;
  }
  // somebody else completed it, with a copy of their own
  if (putKey !== null) await store.remove([object.key]);
  if (video.transcodeStartedAt === null) {
    // given up while its parts were joined: whoever gave up may have looked for the object too early
    await store.remove([object.key]);
    throw uploadEndedError(video);
  }
}

/** One transaction: the source, exactly this content of it, and the first task. Returns false where it has begun before. */
async function commitSource(
  { database, config }: ServerContext,
  video: VideoRow,
  { object, putKey, requestId }: { object: StoredObject; putKey: string | null; requestId: string | null },
): Promise<boolean> {
  const { models } = database;
  return database.transaction(async (transaction) => {
    await reloadVideo(video, transaction);
    if (video.status !== 'uploading') return false;
    // refused, it stays what it is: complete succeeds as soon as there is room, until the upload expires
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
