/** Bounds on what a source may ask of a worker; beyond them it is refused. */
export const MEDIA_LIMITS = {
  durationSeconds: 12 * 3600,
  pixels: 8192 * 4352,
  streams: 100,
  frameRate: 60,
  /** A hole in the timestamps longer than this is damage, not a still picture. */
  gapSeconds: 600,
} as const;

/** How long a program may be silent, and how long it may run. */
export const TIME_LIMITS = {
  probeMs: 120_000,
  /** Reading through a whole file that cannot be sampled. */
  scanMs: 1_800_000,
  stallMs: 60_000,
  encodeBaseMs: 600_000,
  /** Milliseconds that one second of video may take. */
  encodeMsPerSecond: 40_000,
} as const;
