import { type UploadSnapshot, type UploadState, uploadStateSchema } from '../../contracts/desktop.ts';
import { isFinished } from '../record/uploadStates.ts';

/** Totals of a queue. Sizes are in bytes. */
export interface QueueTotals {
  counts: Record<UploadState, number>;
  total: number;
  /** Uploads that wait or are being sent: neither paused, nor on the server, nor finished. */
  active: number;
  /** Of the active uploads whose size is known. */
  totalBytes: number;
  sentBytes: number;
  bytesPerSecond: number;
  /** Time until the active uploads are sent; null while nothing is being sent. */
  etaSeconds: number | null;
}

/** Returns the totals of a queue; iterates over the snapshots once. */
export function summarize(snapshots: Iterable<UploadSnapshot>): QueueTotals {
  const counts = countNothing();
  const totals = { total: 0, active: 0, totalBytes: 0, sentBytes: 0, bytesPerSecond: 0 };
  for (const { state, sizeBytes, sentBytes, bytesPerSecond } of snapshots) {
    counts[state] += 1;
    totals.total += 1;
    if (!isActive(state)) continue;
    totals.active += 1;
    totals.bytesPerSecond += bytesPerSecond ?? 0;
    if (sizeBytes === null) continue;
    totals.totalBytes += sizeBytes;
    totals.sentBytes += Math.min(sizeBytes, sentBytes);
  }
  const { totalBytes, sentBytes, bytesPerSecond } = totals;
  const etaSeconds = bytesPerSecond > 0 ? (totalBytes - sentBytes) / bytesPerSecond : null;
  return { counts, ...totals, etaSeconds };
}

/** Whether something of the upload is still to be sent, without a command of the user. */
export function isActive(state: UploadState): boolean {
  return !isFinished(state) && state !== 'paused' && state !== 'processing';
}

function countNothing(): Record<UploadState, number> {
  const zeros = uploadStateSchema.options.map((state) => [state, 0] as const);
  return Object.fromEntries(zeros) as Record<UploadState, number>; // fromEntries widens the keys to string
}
