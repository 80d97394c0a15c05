/** How far the frames of a video are; times in milliseconds. */
export interface EncodeProgress {
  unitsDone: number;
  unitsTotal: number;
  firstStartedAt: number | null;
}

const MIN_ELAPSED_MS = 2_000;

/**
 * Whole seconds until the frames are done at the speed so far; null while there is no speed to speak of, and once only
 * other things than frames are left.
 */
export function estimateEtaSeconds(progress: EncodeProgress | undefined, now: number): number | null {
  if (progress === undefined || progress.firstStartedAt === null || progress.unitsDone <= 0) return null;
  const elapsedMs = now - progress.firstStartedAt;
  if (elapsedMs < MIN_ELAPSED_MS) return null;
  const left = progress.unitsTotal - progress.unitsDone;
  if (left <= 0) return null;
  return Math.ceil((left * elapsedMs) / progress.unitsDone / 1000);
}
