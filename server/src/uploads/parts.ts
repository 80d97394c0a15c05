import type { PartUrl, UploadStatus } from '@reelmill/shared/contracts/uploads.ts';
import { partSizeOf } from '@reelmill/shared/core/uploadPlan.ts';
import type { ServerConfig } from '@reelmill/shared/runtime/config.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { Op } from 'sequelize';
import type { ServerContext } from '../context/serverContext.ts';
import { type MultipartUpload, uploadGone } from './openUploads.ts';

const KEEP_ALIVE_MS = 60_000;

/** Returns signed URLs for PUTs of these parts, each limited to the planned size of its part. */
export async function signParts(
  { store, config }: Pick<ServerContext, 'store' | 'config'>,
  upload: Pick<MultipartUpload, 'ref' | 'sizeBytes' | 'partSizeBytes' | 'partCount'>,
  partNumbers: readonly number[],
): Promise<PartUrl[]> {
  const options = { expiresSeconds: config.URL_TTL_SECONDS, audience: 'public' } as const;
  return Promise.all(
    partNumbers.map(async (partNumber) => ({
      part_number: partNumber,
      url: await store.signPart(upload.ref, partNumber, {
        ...options,
        sizeBytes: partSizeOf(upload, partNumber),
      }),
    })),
  );
}

/** Returns when an upload without further requests expires. */
export function expiryAfter(now: Date, { UPLOAD_TTL_HOURS }: Pick<ServerConfig, 'UPLOAD_TTL_HOURS'>): Date {
  return new Date(now.getTime() + UPLOAD_TTL_HOURS * 3_600_000);
}

/** Extends the expiry of an upload that is continued, however slow it is. Throws `upload_gone` where it has just ended. */
export async function keepAlive(
  { database, config }: Pick<ServerContext, 'database' | 'config'>,
  { row }: MultipartUpload,
): Promise<void> {
  const expiresAt = expiryAfter(new Date(), config);
  // once a minute is enough
  if (expiresAt.getTime() - row.expiresAt.getTime() < KEEP_ALIVE_MS) return;
  const [kept] = await database.models.Upload.update(
    { expiresAt },
    // an abort shortens the expiry
    { where: { videoId: row.videoId, expiresAt: { [Op.gte]: row.expiresAt } } },
  );
  if (kept === 0) throw uploadGone();
}

/** Throws `validation_failed` for part numbers beyond the plan. */
export function checkPartNumbers({ partCount }: MultipartUpload, partNumbers: readonly number[]): void {
  const unknown = partNumbers.filter((partNumber) => partNumber > partCount);
  if (unknown.length === 0) return;
  throw new ReelmillError('validation_failed', `This upload has ${partCount} parts.`, {
    details: { part_count: partCount, part_numbers: unknown },
  });
}

/** Returns an upload with the parts in the store. Throws `upload_gone` where the store does not have it. */
export async function readUploadStatus(
  { store }: Pick<ServerContext, 'store'>,
  upload: MultipartUpload,
): Promise<UploadStatus> {
  const { video, row } = upload;
  const parts = await store.listParts(upload.ref);
  return {
    video_id: video.id,
    file_name: video.fileName,
    size_bytes: upload.sizeBytes,
    part_size: upload.partSizeBytes,
    part_count: upload.partCount,
    last_modified: row.lastModifiedMs === null ? null : Number(row.lastModifiedMs),
    fingerprint: row.fingerprint,
    expires_at: row.expiresAt.toISOString(),
    parts: parts.map(({ partNumber, sizeBytes, etag }) => ({
      part_number: partNumber,
      size: sizeBytes,
      etag,
    })),
  };
}
