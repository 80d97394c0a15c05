import type { UploadRef } from '@reelmill/shared/ports/objectStore.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { Op } from 'sequelize';
import { findOwnVideo } from '../catalog/access.ts';
import { seemsRight } from '../clock/heartbeat.ts';
import type { Models } from '../db/models.ts';
import type { UploadRow, VideoRow } from '../db/rows.ts';
import type { Identity } from '../http/route.ts';

/** A multipart upload that is open in the store. */
export interface MultipartUpload {
  video: VideoRow;
  row: UploadRow;
  ref: UploadRef;
  sizeBytes: number;
  partSizeBytes: number;
  partCount: number;
}

/**
 * Returns the open multipart upload of a video of this user. Throws `not_found`, `upload_gone` where it was aborted or has
 * expired, or `state_conflict` where it is complete or single.
 */
export async function findMultipartUpload(
  models: Models,
  videoId: number,
  identity: Identity,
): Promise<MultipartUpload> {
  const video = await findOwnVideo(models, videoId, identity);
  if (video.status !== 'uploading') throw uploadEndedError(video);
  const row = await models.Upload.findByPk(videoId);
  if (row === null || (await isExpired(models, row))) throw uploadGone();
  const upload = asMultipart(video, row);
  if (upload !== null) return upload;
  if (row.partSizeBytes !== null) throw uploadGone();
  throw new ReelmillError('state_conflict', 'This upload is a single PUT and has no parts.');
}

/** Returns null for a single upload, and for one that the store never opened. */
export function asMultipart(video: VideoRow, row: UploadRow): MultipartUpload | null {
  const { storeUploadId, sizeBytes, partSizeBytes, partCount } = row;
  if (storeUploadId === null || sizeBytes === null || partSizeBytes === null || partCount === null)
    return null;
  return {
    video,
    row,
    ref: { key: video.sourceKey, uploadId: storeUploadId },
    // MySQL may return a BIGINT as text
    sizeBytes: Number(sizeBytes),
    partSizeBytes: Number(partSizeBytes),
    partCount,
  };
}

/** Returns the newest open upload of the same file by the same user. */
export async function findResumableUpload(
  models: Models,
  userId: number,
  file: { fingerprint: string; sizeBytes: number },
): Promise<MultipartUpload | null> {
  const rows = await models.Upload.findAll({
    where: { userId, ...file, storeUploadId: { [Op.not]: null } },
    order: [['videoId', 'DESC']],
    limit: 10,
  });
  for (const row of rows) {
    if (await isExpired(models, row)) continue;
    const video = await models.Video.findOne({
      where: { id: row.videoId, status: 'uploading', deletedAt: null },
    });
    const upload = video && asMultipart(video, row);
    if (upload) return upload;
  }
  return null;
}

/** Whether it has expired. With a clock that is not trusted no upload expires. */
async function isExpired(models: Models, { expiresAt }: UploadRow): Promise<boolean> {
  const now = new Date();
  return expiresAt <= now && (await seemsRight(models, now));
}

/** Returns the error for an upload whose video is no longer `uploading`. */
export function uploadEndedError(video: VideoRow): ReelmillError {
  if (video.transcodeStartedAt === null) return uploadGone();
  return new ReelmillError('state_conflict', 'This upload is already complete.');
}

export function uploadGone(): ReelmillError {
  return new ReelmillError('upload_gone', 'This upload was canceled or has expired. Start again.');
}
