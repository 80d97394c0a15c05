/** Bounds on what a source may ask of a worker; beyond them it is refused. */
export const MEDIA_LIMITS = {
  durationSeconds: 12 * 3600,
  pixels: 8192 * 4352,
  /** Of all video streams together; only one is published, but all are looked at. */
  pixelsOfAllStreams: 2 * 8192 * 4352,
  /** Of either side of a picture. */
  sidePixels: 16_384,
  streams: 100,
  frameRate: 60,
  /** Hidden by edit lists for each one that is shown, and always this many: every cut hides up to a group of pictures. */
  hiddenPacketsPerShown: 10,
  hiddenPackets: 20_000,
  /** Stretches without picture and sound that are left out. */
  closedHoles: 100,
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
