import { createHash } from 'node:crypto';
import { LIMITS } from '../../contracts/limits.ts';
import type { StoredPart } from '../../ports/objectStore.ts';
import { ReelmillError } from '../../runtime/errors.ts';

/** The ETag of an object that was joined from parts, as S3 defines it: the MD5 of the parts' MD5s, and their count. */
export function joinEtags(parts: readonly StoredPart[]): string {
  const md5 = createHash('md5');
  for (const part of sortParts(parts)) md5.update(Buffer.from(part.etag, 'hex'));
  return `${md5.digest('hex')}-${parts.length}`;
}

/** The parts in order of their numbers. */
export function sortParts(parts: readonly StoredPart[]): StoredPart[] {
  return [...parts].sort((a, b) => a.partNumber - b.partNumber);
}

export function sumSizes(parts: readonly StoredPart[]): number {
  return parts.reduce((sum, part) => sum + part.sizeBytes, 0);
}

/** Throws `validation_failed` unless the number is one that a part can have. */
export function assertPartNumber(partNumber: number): void {
  if (Number.isInteger(partNumber) && partNumber >= 1 && partNumber <= LIMITS.maxPartCount) return;
  throw new ReelmillError(
    'validation_failed',
    `A part number is a whole number from 1 to ${LIMITS.maxPartCount}.`,
  );
}

/**
 * Throws unless `wanted` are the parts 1 to n and exactly those that the store holds: `upload_incomplete` where a part
 * is missing, left over or has other content, `size_mismatch` where one has another size.
 */
export function assertSameParts(wanted: readonly StoredPart[], stored: readonly StoredPart[]): void {
  const held = new Map(stored.map((part) => [part.partNumber, part]));
  if (wanted.length === 0) throw incomplete('An upload is joined from at least one part.', 1);
  for (const [index, part] of sortParts(wanted).entries()) {
    const number = index + 1;
    const found = held.get(number);
    if (part.partNumber !== number || !found) throw incomplete(`Part ${number} is missing.`, number);
    if (found.sizeBytes !== part.sizeBytes) {
      throw new ReelmillError(
        'size_mismatch',
        `Part ${number} has ${found.sizeBytes} bytes, not ${part.sizeBytes}.`,
        { details: { part_number: number } },
      );
    }
    if (found.etag !== part.etag) throw incomplete(`Part ${number} has other content.`, number);
  }
  const extra = stored.find((part) => part.partNumber > wanted.length);
  if (extra) throw incomplete(`Part ${extra.partNumber} was not asked for.`, extra.partNumber);
}

function incomplete(message: string, partNumber: number): ReelmillError {
  return new ReelmillError('upload_incomplete', message, { details: { part_number: partNumber } });
}
