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
  /** What every task may take, however little it does. */
  taskFloorMs: 600_000,
  /** No task takes longer; the broker's `consumer_timeout` and the source's URL must outlive it. */
  taskCapMs: 12 * 3_600_000,
  /** Decoded and encoded pixels that even the slowest worker does in a second: a twentieth of an ordinary core's. */
  encodePixelsPerSecond: 10_000_000,
  /** Milliseconds that one second of sound may take. */
  audioMsPerSecond: 2_000,
} as const;

/** Signed source URLs outlive the longest task. */
export const SOURCE_URL_SECONDS = 24 * 3600;
