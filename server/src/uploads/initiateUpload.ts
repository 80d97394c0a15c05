import { randomBytes } from 'node:crypto';
import type {
  InitiateUploadRequest,
  UploadPlan as UploadPlanResponse,
} from '@reelmill/shared/contracts/uploads.ts';
import { displayFileName, titleFromFileName } from '@reelmill/shared/core/fileNames.ts';
import { newVideoFolder, objectKeys } from '@reelmill/shared/core/objectKeys.ts';
import { planParts, type UploadPlan } from '@reelmill/shared/core/uploadPlan.ts';
import type { UploadRef } from '@reelmill/shared/ports/objectStore.ts';
import { readTime } from '../clock/heartbeat.ts';
import type { ServerContext } from '../context/serverContext.ts';
import type { VideoRow } from '../db/rows.ts';
import { claimNewVideo } from '../users/quotas.ts';
import { expireUpload } from './abortUpload.ts';
import { expiryAfter, signParts } from './parts.ts';
import { expireOldestPuts, lateUntil, singlePutSeconds } from './singlePuts.ts';
import { checkSize, checkSpace, maxSourceBytes } from './sizeLimits.ts';
import { checkUnfinished } from './unfinishedLimit.ts';

/** How many URLs the response contains; a client requests the others during the upload. */
const FIRST_WINDOW = 16;
const ANY_TYPE = 'application/octet-stream';

type InitiateUploadResult =
  | { video_id: number; upload_url: string }
  | { video_id: number; upload: UploadPlanResponse };

/** Creates the video and opens its upload: multipart where the size is known, otherwise single. */
export async function initiateUpload(
  context: ServerContext,
  userId: number,
  request: InitiateUploadRequest,
): Promise<InitiateUploadResult> {
  const { size_bytes: sizeBytes } = request;
  if (sizeBytes !== undefined) {
    checkSize(context, sizeBytes);
    await checkSpace(context, sizeBytes);
    return openMultipart(context, userId, { ...request, size_bytes: sizeBytes }, planParts(sizeBytes));
  }
  await checkSpace(context, 0);
  return openSinglePut(context, userId, request);
}

/** The URL of a single PUT is short-lived, and limited to what the user may still upload where the store supports that. */
async function openSinglePut(
  context: ServerContext,
  userId: number,
  request: InitiateUploadRequest,
): Promise<InitiateUploadResult> {
  const { video, canceled } = await createRows(context, userId, request, null);
  for (const videoId of canceled) {
    await expireUpload(context, videoId).catch((error: unknown) =>
      context.logger.warn({ err: error, video_id: videoId }, 'expired upload not removed yet'),
    );
  }
  const { file, quota } = await maxSourceBytes(context, video);
  const uploadUrl = await context.store.signPut(video.sourceKey, {
    expiresSeconds: singlePutSeconds(context.config),
    maxBytes: Math.min(file, quota),
    audience: 'public',
  });
  return { video_id: video.id, upload_url: uploadUrl };
}

async function openMultipart(
  context: ServerContext,
  userId: number,
  request: InitiateUploadRequest & { size_bytes: number },
  plan: UploadPlan,
): Promise<InitiateUploadResult> {
  const { video, expiresAt } = await createRows(context, userId, request, plan);
  const { models } = context.database;
  let opened: UploadRef | undefined;
  try {
    const ref = await context.store.createUpload(video.sourceKey, {
      contentType: video.contentType ?? ANY_TYPE,
      partSizeBytes: plan.partSizeBytes,
      sizeBytes: request.size_bytes,
    });
    opened = ref;
    await models.Upload.update({ storeUploadId: ref.uploadId }, { where: { videoId: video.id } });
    const window = Math.min(FIRST_WINDOW, plan.partCount);
    const urls = await signParts(
      context,
      { ref, ...plan, sizeBytes: request.size_bytes },
      Array.from({ length: window }, (_, index) => index + 1),
    );
    const response = { part_size: plan.partSizeBytes, part_count: plan.partCount, urls };
    return { video_id: video.id, upload: { ...response, expires_at: expiresAt.toISOString() } };
  } catch (error) {
    // the client does not know this video; if the removal fails, its upload expires
    await discardVideo(context, video, opened).catch((cause: unknown) =>
      context.logger.warn({ err: cause, video_id: video.id }, 'video of a failed upload not removed'),
    );
    throw error;
  }
}

/** Removes the row last, since retention finds the upload by it. */
async function discardVideo(
  { store, database }: ServerContext,
  video: VideoRow,
  opened: UploadRef | undefined,
): Promise<void> {
  if (opened !== undefined) await store.abortUpload(opened);
  await database.models.Video.destroy({ where: { id: video.id } });
}

async function createRows(
  { database, config }: ServerContext,
  userId: number,
  request: InitiateUploadRequest,
  plan: UploadPlan | null,
): Promise<{ video: VideoRow; expiresAt: Date; canceled: number[] }> {
  const { models } = database;
  const expiresAt = expiryAfter(await readTime(database), config);
  return database.transaction(async (transaction) => {
    await claimNewVideo({ models, config, transaction, userId }, request.size_bytes ?? null);
    await checkUnfinished({ models, config, transaction, userId });
    const canceled = plan === null ? await expireOldestPuts({ models, config, transaction, userId }) : [];
    const video = await models.Video.create(newVideo(userId, request), { transaction });
    // the keys contain the id, which the insert returns
    await video.update(placeVideo(video.id, request.file_name, { config, plan }), { transaction });
    await models.Upload.create(
      {
        videoId: video.id,
        userId,
        storeUploadId: null,
        sizeBytes: request.size_bytes ?? null,
        partSizeBytes: plan?.partSizeBytes ?? null,
        partCount: plan?.partCount ?? null,
        fingerprint: request.fingerprint ?? null,
        lastModifiedMs: request.last_modified === undefined ? null : Math.trunc(request.last_modified),
        expiresAt,
      },
      { transaction },
    );
    return { video, expiresAt, canceled };
  });
}

/** Returns the columns for the folder of a new video's objects and the key of its source. */
function placeVideo(
  videoId: number,
  fileName: string,
  { config, plan }: Pick<ServerContext, 'config'> & { plan: UploadPlan | null },
) {
  const objectFolder = newVideoFolder(videoId, randomBytes(16).toString('hex'));
  if (plan !== null) return { objectFolder, sourceKey: objectKeys.source(objectFolder, fileName) };
  const putKey = objectKeys.singlePut(objectFolder, fileName);
  return { objectFolder, sourceKey: putKey, putKey, putEndsAt: lateUntil(singlePutSeconds(config)) };
}

/** Returns the columns of a new video, still without the key of its source. */
export function newVideo(userId: number, request: InitiateUploadRequest) {
  const isMediaType = /^[\w.+-]+\/[\w.+-]+$/.test(request.content_type ?? '');
  return {
    userId,
    title: request.title ?? titleFromFileName(request.file_name),
    description: request.description ?? '',
    visibility: 'private',
    status: 'uploading',
    phase: null,
    progress: 0,
    playable: false,
    fileName: displayFileName(request.file_name),
    contentType: isMediaType ? (request.content_type ?? null) : null,
    sizeBytes: request.size_bytes ?? null,
    sourceKey: '',
    fingerprint: request.fingerprint ?? null,
    durationSeconds: null,
    width: null,
    height: null,
    frameRate: null,
    coverKey: null,
    storyboardKey: null,
    plan: null,
    planVersion: 0,
    errorCode: null,
    errorMessage: null,
    errorDiagnostics: null,
    transcodeStartedAt: null,
    onlineAt: null,
    sourceRemovedAt: null,
    deletedAt: null,
    purgeAfter: null,
  } as const;
}
