import { LIMITS } from '../contracts/limits.ts';

/** Large enough that a part's round trips do not count, small enough that a lost one is sent again quickly. */
const PREFERRED_PART_SIZE_BYTES = 16 * 1024 * 1024;
const MEBIBYTE = 1024 * 1024;

/** How a file is cut: every part has `partSizeBytes` but the last, which has the rest. */
export interface UploadPlan {
  partSizeBytes: number;
  partCount: number;
}

/** Cuts a file of `sizeBytes` (at least 1) into no more parts than a store takes, in whole mebibytes. */
export function planParts(sizeBytes: number): UploadPlan {
  const smallest = Math.ceil(sizeBytes / LIMITS.maxPartCount / MEBIBYTE) * MEBIBYTE;
  const partSizeBytes = Math.max(PREFERRED_PART_SIZE_BYTES, LIMITS.minPartSizeBytes, smallest);
  if (sizeBytes < 1 || partSizeBytes > LIMITS.maxPartSizeBytes) {
    throw new RangeError(`no store takes ${sizeBytes} bytes in parts`);
  }
  return { partSizeBytes, partCount: Math.ceil(sizeBytes / partSizeBytes) };
}

/** The size that part `partNumber` (from 1) must have. */
export function partSizeOf(plan: UploadPlan & { sizeBytes: number }, partNumber: number): number {
  return Math.min(plan.partSizeBytes, plan.sizeBytes - (partNumber - 1) * plan.partSizeBytes);
}

export interface PartSize {
  partNumber: number;
  sizeBytes: number;
}

/** What keeps an upload from being complete: parts that are not there, and parts of another size than planned. */
export function findFaultyParts(
  plan: UploadPlan & { sizeBytes: number },
  stored: readonly PartSize[],
): { missing: number[]; misfits: (PartSize & { expectedBytes: number })[] } {
  const sizes = new Map(stored.map(({ partNumber, sizeBytes }) => [partNumber, sizeBytes]));
  const missing: number[] = [];
  const misfits: (PartSize & { expectedBytes: number })[] = [];
  for (let partNumber = 1; partNumber <= plan.partCount; partNumber += 1) {
    const sizeBytes = sizes.get(partNumber);
    const expectedBytes = partSizeOf(plan, partNumber);
    if (sizeBytes === undefined) missing.push(partNumber);
    else if (sizeBytes !== expectedBytes) misfits.push({ partNumber, sizeBytes, expectedBytes });
  }
  return { missing, misfits };
}
