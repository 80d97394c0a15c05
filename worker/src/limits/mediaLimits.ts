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
