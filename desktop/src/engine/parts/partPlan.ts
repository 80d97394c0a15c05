import type { UploadedPart } from '@reelmill/shared/contracts/uploads.ts';
import type { ByteRange } from '../ports/ports.ts';

/** How a file is divided: every part has `partSizeBytes` bytes, except the last, which has the rest. */
export interface PartPlan {
  sizeBytes: number;
  partSizeBytes: number;
  partCount: number;
}

/** Whether the parts of the plan add up to exactly the file. */
export function isValidPlan(plan: PartPlan): boolean {
  return plan.partSizeBytes > 0 && plan.partCount === Math.ceil(plan.sizeBytes / plan.partSizeBytes);
}

/** Returns the bytes of a part; the first part is number 1. */
export function partRange(plan: PartPlan, partNumber: number): ByteRange {
  const start = (partNumber - 1) * plan.partSizeBytes;
  return { start, length: Math.min(plan.partSizeBytes, plan.sizeBytes - start) };
}

export interface PartReview {
  /** In the store with the right size and the ETag that this machine received when it sent them. */
  trusted: UploadedPart[];
  /** In the store with the right size but an unknown ETag: to be hashed and compared. */
  unverified: UploadedPart[];
}

/** Compares what the store lists with what was sent from here. A part of the wrong size counts as missing. */
export function reviewParts(
  plan: PartPlan,
  listed: readonly UploadedPart[],
  sentEtags: Readonly<Record<string, string>>,
): PartReview {
  const review: PartReview = { trusted: [], unverified: [] };
  for (const part of listed) {
    if (part.part_number < 1 || part.part_number > plan.partCount) continue;
    if (part.size !== partRange(plan, part.part_number).length) continue;
    const known = sentEtags[String(part.part_number)] === part.etag;
    (known ? review.trusted : review.unverified).push(part);
  }
  return review;
}

/** Returns the part numbers that are not in `done`, in order. */
export function missingParts(plan: PartPlan, done: { has(partNumber: number): boolean }): number[] {
  const missing: number[] = [];
  for (let number = 1; number <= plan.partCount; number++) if (!done.has(number)) missing.push(number);
  return missing;
}
