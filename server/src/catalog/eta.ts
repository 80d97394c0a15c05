/** Progress of the encode tasks of a video; times in milliseconds. */
export interface EncodeProgress {
  unitsDone: number;
  unitsTotal: number;
  firstStartedAt: number | null;
}

const MIN_ELAPSED_MS = 2_000;

/**
 * Returns the whole seconds until all frames are encoded at the speed so far; null while the speed is not known yet, and
 * once all frames are encoded.
 */
export function estimateEtaSeconds(progress: EncodeProgress | undefined, now: number): number | null {
  if (progress === undefined || progress.firstStartedAt === null || progress.unitsDone <= 0) return null;
  const elapsedMs = now - progress.firstStartedAt;
  if (elapsedMs < MIN_ELAPSED_MS) return null;
  const left = progress.unitsTotal - progress.unitsDone;
  if (left <= 0) return null;
  return Math.ceil((left * elapsedMs) / progress.unitsDone / 1000);
}
