import type { Chunk, Rational } from '@reelmill/shared/contracts/media.ts';

/** About how much video one segment holds; exactly 5 s at whole rates, 5.005 s at the NTSC ones. */
const SEGMENT_SECONDS = 5;
/**
 * A rest at the end that is shorter than this belongs to the segment before it. That segment, of audio too, still rounds
 * to the target duration of 5 s.
 */
export const MIN_SEGMENT_SECONDS = 0.45;
/** Below this many frames per second, rounding the rate would change the length of a segment too much. */
const SLOW_RATE = 10;
/**
 * A chunk takes at most this share of the rest for each worker, so that the last chunks are short and workers finish
 * together.
 */
const TAPER = 1 / 2;
/** From this many segments on, a video has a preview: its first segment is encoded before anything else. */
const PREVIEW_MIN_SEGMENTS = 3;

export interface ChunkRequest {
  totalFrames: number;
  /** How many of the last frames repeat a picture; they need no input, so they belong to one chunk. */
  heldFrames?: number;
  segmentFrames: number;
  frameRate: Rational;
  /** About how much video one chunk covers; the taper makes the last ones shorter. */
  chunkSeconds: number;
  /** How many workers share the work. For a single one there is no taper, since every chunk costs a start and an end. */
  workers: number;
  /** The source is not seekable: everything is one chunk. */
  whole: boolean;
}

/**
 * Returns the frames of a segment: the nearest whole rate times its seconds. Segments then start on whole ticks of every
 * usual time base, so frame times round the same wherever decoding begins.
 */
export function segmentFramesFor(rate: Rational, segmentSeconds = SEGMENT_SECONDS): number {
  const exact = rate.num / rate.den;
  const nominal = exact >= SLOW_RATE ? Math.round(exact) : exact;
  return Math.max(1, Math.round(nominal * segmentSeconds));
}

/**
 * Cuts a video into runs of whole segments. The first chunk is a single segment, so that it can be watched at once; the
 * next ones have the requested length, and later ones get shorter where several workers share them. The last chunk never
 * has only one segment, since a small error in the announced duration could leave it empty.
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
  if (request.whole || segmentTotal < PREVIEW_MIN_SEGMENTS) return [segmentTotal];
  const segmentSeconds = (request.segmentFrames * request.frameRate.den) / request.frameRate.num;
  const longest = Math.max(1, Math.round(request.chunkSeconds / segmentSeconds));
  const lengths = [1];
  let left = segmentTotal - 1;
  while (left > 0) {
    const share = request.workers > 1 ? TAPER / request.workers : 1;
    const tapered = Math.ceil(left * share);
    const length = Math.min(longest, tapered);
    const count = left - length === 1 ? left : length;
    lengths.push(count);
    left -= count;
  }
  return lengths;
}
