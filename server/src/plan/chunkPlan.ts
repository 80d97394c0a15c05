import type { Chunk, Rational } from '@reelmill/shared/contracts/media.ts';

/** About how much video one segment holds; exactly 5 s at whole rates, 5.005 s at the NTSC ones. */
const SEGMENT_SECONDS = 5;
/**
 * What is left at the end and is shorter than this is no segment of its own. Joined to a whole one, of sound too, it still
 * rounds to the target duration of 5 s.
 */
export const MIN_SEGMENT_SECONDS = 0.45;
/** Below this many frames per second, rounding the rate would bend the length of a segment. */
const SLOW_RATE = 10;
/**
 * A chunk takes at most this share of what each worker has left, so that the last ones are short and workers finish
 * together.
 */
const TAPER = 1 / 2;
/** From this many segments on, a video shows its first one before anything else is made. */
const FIRST_LOOK_FROM_SEGMENTS = 3;

export interface ChunkRequest {
  totalFrames: number;
  /** How many of them, the last ones, repeat a picture: there is nothing to read for them, so they are of one chunk. */
  heldFrames?: number;
  segmentFrames: number;
  frameRate: Rational;
  /** About how much video one chunk covers; the taper makes the last ones shorter. */
  chunkSeconds: number;
  /** How many share the work. One alone has nobody to finish with, and every chunk costs it a start and an end. */
  workers: number;
  /** Reading cannot begin in the middle: everything is one chunk. */
  whole: boolean;
}

/**
 * Frames per segment: the nearest whole rate times its seconds. Starts of segments then fall on whole ticks of every usual
 * time base, which keeps the rounding of frames the same wherever decoding begins.
 */
export function segmentFramesFor(rate: Rational, segmentSeconds = SEGMENT_SECONDS): number {
  const exact = rate.num / rate.den;
  const nominal = exact >= SLOW_RATE ? Math.round(exact) : exact;
  return Math.max(1, Math.round(nominal * segmentSeconds));
}

/**
 * Cuts a video into runs of whole segments. The first chunk of a video that may be cut is a single segment, so that
 * it can be watched at once; the next ones have the length asked for, and later ones get shorter where several workers
 * share them. Never leaves a last chunk of one segment, which a small error in the announced duration could empty.
 */
export function planChunks(request: ChunkRequest): Chunk[] {
  const { totalFrames, segmentFrames, heldFrames = 0 } = request;
  const segmentTotal = Math.ceil(totalFrames / segmentFrames);
  const readSegments = Math.ceil(Math.max(1, totalFrames - heldFrames) / segmentFrames);
  let firstSegment = 0;
  return chunkLengths(readSegments, request).map((length, index, all) => {
    const firstFrame = firstSegment * segmentFrames;
    const last = index === all.length - 1;
    const segmentCount = last ? segmentTotal - firstSegment : length;
    const frameCount = last ? totalFrames - firstFrame : segmentCount * segmentFrames;
    const chunk = { index, firstSegment, segmentCount, firstFrame, frameCount, last };
    firstSegment += segmentCount;
    return chunk;
  });
}

function chunkLengths(segmentTotal: number, request: ChunkRequest): number[] {
  if (request.whole || segmentTotal < FIRST_LOOK_FROM_SEGMENTS) return [segmentTotal];
  const segmentSeconds = (request.segmentFrames * request.frameRate.den) / request.frameRate.num;
  const longest = Math.max(1, Math.round(request.chunkSeconds / segmentSeconds));
  const lengths = [1];
  let left = segmentTotal - 1;
  while (left > 0) {
    const share = request.workers > 1 ? TAPER / request.workers : 1;
    const tapered = Math.ceil(left * share);
    const length = Math.min(longest, tapered);
    const taken = left - length === 1 ? left : length;
    lengths.push(taken);
    left -= taken;
  }
  return lengths;
}
