import { LIMITS } from '@reelmill/shared/contracts/limits.ts';
import { insufficientStorage } from '@reelmill/shared/drivers/store/insufficientStorage.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { ServerContext } from '../context/serverContext.ts';
import type { VideoRow } from '../db/rows.ts';
import { remainingBytes } from '../users/quotas.ts';

function maxFileBytes({ config }: Pick<ServerContext, 'config'>): number {
  return Math.min(config.MAX_UPLOAD_BYTES, LIMITS.maxPartCount * LIMITS.maxPartSizeBytes);
}

/** Throws `too_large`. */
export function checkSize(context: Pick<ServerContext, 'config'>, sizeBytes: number): void {
  const maxBytes = maxFileBytes(context);
  if (sizeBytes <= maxBytes) return;
  throw new ReelmillError('too_large', `The file is larger than the limit of ${maxBytes} bytes.`, {
    details: { size_bytes: sizeBytes, max_bytes: maxBytes },
  });
}

/** Returns the maximum size of the source of a video: that of any file, and what its owner's quota has left. */
export async function maxSourceBytes(
  context: Pick<ServerContext, 'config' | 'database'>,
  video: Pick<VideoRow, 'id' | 'userId'>,
): Promise<{ file: number; quota: number }> {
  const { config, database } = context;
  const left = await remainingBytes({ config, models: database.models }, video);
  return { file: maxFileBytes(context), quota: left ?? Number.POSITIVE_INFINITY };
}

/**
 * Throws `insufficient_storage` where a file of this size would leave less than `MIN_FREE_BYTES` on the disk of the store;
 * never where the store does not report its free space.
 */
export async function checkSpace(
  { config, store }: Pick<ServerContext, 'config' | 'store'>,
  sizeBytes: number,
): Promise<void> {
  const space = await store.space();
  if (space === null || space.freeBytes - sizeBytes >= config.MIN_FREE_BYTES) return;
  throw insufficientStorage(config.MIN_FREE_BYTES);
}
