import type { Rendition } from '@reelmill/shared/contracts/media.ts';

/*
 * A task that goes on but never ends is as bad as one that stalls: everybody else waits for its worker. So its time follows
 * from its work, with a floor for the start and for slow storage, and ends at a cap. Three hours of 1080p in one task
 * reach the cap; a single core of 2020 needs a fifth of it for them.
 */

/** How long a program may be silent, and how long it may run. */
export const TIME_LIMITS = {
  probeMs: 120_000,
  /** A full scan of a file that cannot be sampled. */
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

/** The work of an encode task. */
export interface EncodeWork {
  /** Output frames. */
  frames: number;
  source: { codedWidth: number; codedHeight: number };
  renditions: readonly Pick<Rendition, 'width' | 'height'>[];
}

/** Milliseconds after which an encode task is ended. */
export function encodeLimitMs({ frames, source, renditions }: EncodeWork): number {
  const encoded = renditions.reduce((sum, { width, height }) => sum + width * height, 0);
  const pixels = frames * (source.codedWidth * source.codedHeight + encoded);
  return limitMs((pixels / TIME_LIMITS.encodePixelsPerSecond) * 1000);
}

/** Milliseconds that the slowest worker may take to decode so many pictures, of which nothing comes out. */
export function decodeMs(pictures: number, source: EncodeWork['source']): number {
  return (pictures * source.codedWidth * source.codedHeight * 1000) / TIME_LIMITS.encodePixelsPerSecond;
}

/** Milliseconds after which the audio task of so long a video is ended. */
export function audioLimitMs(seconds: number): number {
  return limitMs(seconds * TIME_LIMITS.audioMsPerSecond);
}

function limitMs(workMs: number): number {
  return Math.min(TIME_LIMITS.taskCapMs, TIME_LIMITS.taskFloorMs + Math.round(workMs));
}
