import type { Chunk, MediaFacts, Rational, Rendition } from '@reelmill/shared/contracts/media.ts';
import { frameSeconds } from '@reelmill/shared/core/timeline.ts';
import { isElementary } from '../timing/elementaryStream.ts';
import { chunkStartSeconds, type PreRoll, showsMadeUp } from '../timing/preRoll.ts';
import { repairPictureTimes } from '../timing/repairTimes.ts';
import { colourFilters, OUTPUT_TAGS } from './colours.ts';
import { markFilter } from './pictureDamage.ts';
import { FIRST_PICTURE_BRANCH } from './printedPictures.ts';
import { uprightFilters } from './uprightFilters.ts';

/** Pictures further outside the video than this have a broken time and are dropped. */
const OUTSIDE_SECONDS = 1;
/**
 * So long a last picture is repeated at the rate that ffmpeg takes the source's for, which may be thousands: enough for one
 * at the rate of slides, and no more than a moment's work.
 */
const HELD_BEFORE_SECONDS = 8;
/** Frames per second of films whose pictures are further apart than a second. */
const SLIDE_RATE = 5;
/** Factor of a `select` expression: 0 until the first keyframe, which is kept in a variable, then 1. */
export const SINCE_KEYFRAME = 'st(0\\,max(ld(0)\\,key))';

/**
 * The filters that turn decoded pictures into the chunk's output frames: broken times dropped, of one shape, upright,
 * put on the constant rate, numbered from the chunk's first frame. The chunk's frames are the same wherever decoding
 * began, as long as it began early enough (see `preRoll.ts`).
 */
export function timingFilters(
  facts: MediaFacts,
  chunk: Pick<Chunk, 'firstFrame' | 'last'>,
  preRoll: PreRoll = null,
): string[] {
  return [...shownPictures(facts, preRoll), ...uprightFilters(facts), ...rateFilters(facts, chunk)];
}

/** Drops pictures with broken times, and what a decoder that began in the middle made up. */
function shownPictures(facts: MediaFacts, preRoll: PreRoll): string[] {
  const { startSeconds, cutPictureSeconds = startSeconds, durationSeconds, outputFrameRate } = facts.video;
  const madeUp = showsMadeUp(facts);
  const from = cutPictureSeconds - (madeUp ? frameSeconds(0.5, outputFrameRate) : OUTSIDE_SECONDS);
  const to = startSeconds + durationSeconds + OUTSIDE_SECONDS;
  const inside = `between(t\\,${from.toFixed(6)}\\,${to.toFixed(6)})`;
  const select = `select=${inside}${madeUp && preRoll !== null ? `*${SINCE_KEYFRAME}` : ''}`;
  // a bare stream is given times that begin somewhere
  const counted = isElementary(facts.demuxer) ? ['setpts=PTS-STARTPTS'] : [];
  return [...counted, ...repairPictureTimes(facts), select];
}

function rateFilters(facts: MediaFacts, chunk: Pick<Chunk, 'firstFrame' | 'last'>): string[] {
  const { outputFrameRate, singlePicture } = facts.video;
  const fps = `fps=fps=${fraction(outputFrameRate)}`;
  // in ffmpeg 7.1 pictures lose their durations with their times, and a segment of one would last for no time at all
  const numbered = `setpts=N+${chunk.firstFrame},${fps}`;
  if (!singlePicture) {
    const timed = `${fps}:start_time=${chunkStartSeconds(facts, chunk).toFixed(6)}`;
    if (!chunk.last || !isHeld(facts)) return [timed, numbered];
    // a last picture without a duration would be shown for no frame at all
    const seconds = Math.min(facts.video.heldSeconds ?? 0, HELD_BEFORE_SECONDS);
    const lasting = `tpad=stop_duration=${seconds.toFixed(3)}:stop_mode=clone`;
    // repeated until the chunk has the frames that it was planned with
    return [lasting, timed, 'tpad=stop=-1:stop_mode=clone', numbered];
  }
  // a picture without a duration would be shown for no frame at all
  const evenly = `setpts=N*${outputFrameRate.den}/(${outputFrameRate.num}*TB)`;
  return ['loop=loop=-1:size=1', evenly, fps, numbered];
}

/** Whether the last picture is shown for longer than its frame. */
function isHeld({ video }: MediaFacts): boolean {
  return (video.heldSeconds ?? 0) > 0;
}

/** Whether single pictures may stand for many frames. Elsewhere nothing is scaled that the rate does not keep. */
function mayLastLong(facts: MediaFacts): boolean {
  const { outputFrameRate, singlePicture, variableFrameRate } = facts.video;
  const areSlides = outputFrameRate.num / outputFrameRate.den <= SLIDE_RATE;
  return singlePicture || variableFrameRate || areSlides || isHeld(facts);
}

/** Brings an upright picture to a size and to 8-bit bt709 4:2:0 with square pixels, whatever the source is. */
export function pictureFilters(facts: MediaFacts, size: { width: number; height: number }): string[] {
  return [...colourFilters(facts, size), 'setsar=1', OUTPUT_TAGS];
}

/**
 * The whole graph of an encode task: one decode, timed once, toned once, split and scaled for every rendition.
 * Outputs are labelled `v0`, `v1`, … in the order of `renditions`. A read that does not begin at the source's
 * beginning prints its first picture; every read prints the marks of `pictureDamage.ts`.
 *
 * Where pictures last long, they are repeated behind the scaling: all repetitions of one come at once, and are the same
 * picture in memory only as long as no filter makes a copy of each.
 */
export function encodeGraph(
  facts: MediaFacts,
  chunk: Pick<Chunk, 'firstFrame' | 'last'>,
  renditions: readonly Rendition[],
  preRoll: PreRoll = null,
): string {
  const repeatsLate = mayLastLong(facts);
  const timed = [
    ...shownPictures(facts, preRoll),
    markFilter(chunkStartSeconds(facts, chunk)),
    ...(preRoll === null ? [] : [FIRST_PICTURE_BRANCH]),
    ...uprightFilters(facts),
    ...(repeatsLate ? [] : rateFilters(facts, chunk)),
  ];
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
