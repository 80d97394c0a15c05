import type { Chunk, MediaFacts, Rational, Rendition } from '@reelmill/shared/contracts/media.ts';
import { frameSeconds, originSeconds } from '@reelmill/shared/core/timeline.ts';
import { colourFilters, OUTPUT_TAGS } from './colours.ts';
import { isElementary } from './elementaryStream.ts';
import { uprightFilters } from './uprightFilters.ts';

/** Pictures further outside the video than this have a broken time and are dropped. */
const OUTSIDE_SECONDS = 1;
/** Frames per second of films whose pictures are further apart than a second. */
const SLIDE_RATE = 5;

/** Where a chunk begins in the source's own time. */
export function chunkStartSeconds(facts: MediaFacts, chunk: Pick<Chunk, 'firstFrame'>): number {
  return originSeconds(facts) + frameSeconds(chunk.firstFrame, facts.video.outputFrameRate);
}

/**
 * The filters that turn decoded pictures into the chunk's output frames: broken times dropped, of one shape, upright,
 * put on the constant rate, numbered from the chunk's first frame. The chunk's frames are the same wherever decoding began.
 */
export function timingFilters(facts: MediaFacts, chunk: Pick<Chunk, 'firstFrame'>): string[] {
  return [...inputFilters(facts), ...rateFilters(facts, chunk)];
}

function inputFilters(facts: MediaFacts): string[] {
  const { startSeconds, durationSeconds } = facts.video;
  const from = (startSeconds - OUTSIDE_SECONDS).toFixed(6);
  const to = (startSeconds + durationSeconds + OUTSIDE_SECONDS).toFixed(6);
  // a bare stream is given times that begin somewhere
  const counted = isElementary(facts.demuxer) ? ['setpts=PTS-STARTPTS'] : [];
  return [...counted, `select=between(t\\,${from}\\,${to})`, ...uprightFilters(facts)];
}

function rateFilters(facts: MediaFacts, chunk: Pick<Chunk, 'firstFrame'>): string[] {
  const { outputFrameRate, singlePicture } = facts.video;
  const fps = `fps=fps=${fraction(outputFrameRate)}`;
  const numbered = `setpts=N+${chunk.firstFrame}`;
  if (!singlePicture) return [`${fps}:start_time=${chunkStartSeconds(facts, chunk).toFixed(6)}`, numbered];
  // a picture without a duration would be shown for no frame at all
  const evenly = `setpts=N*${outputFrameRate.den}/(${outputFrameRate.num}*TB)`;
  return ['loop=loop=-1:size=1', evenly, fps, numbered];
}

/** Whether single pictures may stand for many frames. Elsewhere nothing is scaled that the rate does not keep. */
function mayLastLong({ video }: MediaFacts): boolean {
  const { outputFrameRate, singlePicture, variableFrameRate } = video;
  return !singlePicture && (variableFrameRate || outputFrameRate.num / outputFrameRate.den <= SLIDE_RATE);
}

/** Brings an upright picture to a size and to 8-bit bt709 4:2:0 with square pixels, whatever the source is. */
export function pictureFilters(facts: MediaFacts, size: { width: number; height: number }): string[] {
  return [...colourFilters(facts, size), 'setsar=1', OUTPUT_TAGS];
}

/**
 * The whole graph of an encode task: one decode, timed once, toned once, split and scaled for every rendition.
 * Outputs are labelled `v0`, `v1`, … in the order of `renditions`.
 *
 * Where pictures last long, they are repeated behind the scaling: all repetitions of one come at once, and are the same
 * picture in memory only as long as no filter makes a copy of each.
 */
export function encodeGraph(
  facts: MediaFacts,
  chunk: Pick<Chunk, 'firstFrame'>,
  renditions: readonly Rendition[],
): string {
  const repeatsLate = mayLastLong(facts);
  const timed = repeatsLate ? inputFilters(facts) : timingFilters(facts, chunk);
  const repeated = repeatsLate ? rateFilters(facts, chunk) : [];
  const largest = renditions.toSorted((a, b) => b.width * b.height - a.width * a.height)[0];
  if (largest === undefined) throw new RangeError('an encode task has at least one rendition');
  const hdr = facts.video.hdr !== 'none';
  // tone mapping is dear: done once, at the largest size that is needed
  const shared = hdr ? [...timed, ...pictureFilters(facts, largest)] : timed;
  const split = `split=${renditions.length}${renditions.map((_, index) => `[s${index}]`).join('')}`;
  const branches = renditions.map((rendition, index) => {
    const filters = hdr
      ? [`scale=${rendition.width}:${rendition.height}:flags=bicubic`, 'setsar=1', OUTPUT_TAGS]
      : pictureFilters(facts, rendition);
    return `[s${index}]${[...filters, ...repeated].join(',')}[v${index}]`;
  });
  return [`[0:${facts.video.streamIndex}]${[...shared, split].join(',')}`, ...branches].join(';');
}

export function fraction(rate: Rational): string {
  return `${rate.num}/${rate.den}`;
}
