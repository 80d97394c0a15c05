import type { EncodePlan, MediaFacts } from '@reelmill/shared/contracts/media.ts';
import { framesBetween, originSeconds } from '@reelmill/shared/core/timeline.ts';
import { decodedVideo } from '../limits/inputBounds.ts';
import { decoderThreads, pictureMemory } from '../limits/memoryNeeds.ts';
import { pictureFilters, SINCE_KEYFRAME } from '../pictures/filterGraph.ts';
import { FIRST_PICTURE_BRANCH, KEYFRAMES_BRANCH, type PrintedPicture } from '../pictures/printedPictures.ts';
import { pictureInputArgs, uprightFilters } from '../pictures/uprightFilters.ts';
import { BARE_OUTPUT_ARGS, GENERAL_ARGS } from '../programs/ffmpegArgs.ts';
import { inputArgs, type SourceInput } from '../source/inputGuard.ts';
import { needsTwoGroups, showsMadeUp } from '../timing/preRoll.ts';
import { repairPictureTimes } from '../timing/repairTimes.ts';

type ImagePlan = Pick<EncodePlan, 'facts' | 'storyboard'>;

export const COVER_FILE = 'cover.jpg';
export const SPRITE_FILE = 'storyboard.jpg';

const COVER_LONG_SIDE = 1280;
/** Where the cover is looked for, as a share of the video, and among how many pictures. */
const COVER_AT = 0.1;
const COVER_CANDIDATES = 40;
/** Pictures that recover without a keyframe have done so twice in this time. */
const RECOVERY_SECONDS = 30;
/** Keyframes further apart than this, and than so many intervals of the storyboard, do not show what happens. */
const SPARSE_KEYFRAMES_SECONDS = 12;
const SPARSE_KEYFRAMES_INTERVALS = 4;
/** All pictures of a video are decoded for its storyboard up to this many pixels: 45 minutes of 1080p at 30 per second. */
const MAX_STORYBOARD_PIXELS = 170e9;
/** From this length on, only keyframes are decoded for the storyboard. */
const KEYFRAMES_ONLY_FROM_SECONDS = 20;

export interface ImageRun extends SourceInput {
  plan: ImagePlan;
  threads: number;
}

/** Where the cover is looked for; null where that is the beginning. In the source's own time. */
function coverSeconds({ plan: { facts } }: ImageRun): number | null {
  const { startSeconds, durationSeconds, heldSeconds = 0 } = facts.video;
  return facts.seekable ? startSeconds + (durationSeconds - heldSeconds) * COVER_AT : null;
}

/**
 * The most typical picture of a moment a little into the video. Prints the first picture that was decoded: where pictures
 * recover without a keyframe, `beginEarly` makes sure that they have. `sinceKeyframe` leaves out what a decoder may have made
 * up before its first keyframe.
 */
export function coverArgs(run: ImageRun, { beginEarly = false, sinceKeyframe = true } = {}): string[] {
  const { facts } = run.plan;
  const at = coverSeconds(run);
  const { width, height } = coverSize(facts);
  const early = facts.preRollSeconds + (beginEarly ? RECOVERY_SECONDS : 0);
  const seek =
    at === null ? [] : ['-seek_timestamp', '1', '-noaccurate_seek', '-ss', (at - early).toFixed(3)];
  const whole = [
    ...(at !== null && sinceKeyframe && showsMadeUp(facts) ? [`select=${SINCE_KEYFRAME}`] : []),
    ...(at !== null ? [FIRST_PICTURE_BRANCH] : []),
    ...(at !== null && beginEarly ? [`select=gte(t\\,${at.toFixed(3)})`] : []),
  ];
  // ffmpeg 7.1 fails at a branch behind a deinterlacer; `thumbnail` keeps every candidate, so they are scaled before
  return coverFrom(run, seek, [
    ...whole,
    ...uprightFilters(facts),
    `scale=${width}:${height}:flags=bicubic`,
    `thumbnail=n=${COVER_CANDIDATES}`,
  ]);
}

/** Whether there may be no keyframe among the pictures for a cover because an edit list hides it, though all of them are right. */
export function mayHideKeyframe({ plan: { facts } }: ImageRun): boolean {
  return facts.demuxer === 'mov' && facts.seekable && showsMadeUp(facts);
}

/** Whether the pictures for a cover, of which this is the first one, may not have recovered yet. */
export function needsEarlierCover({ plan }: ImageRun, { keyframe }: PrintedPicture): boolean {
  return !keyframe && needsTwoGroups(plan.facts);
}

/** The very first picture, for videos too short for anything else. */
export function firstPictureArgs(run: ImageRun): string[] {
  return coverFrom(run, [], uprightFilters(run.plan.facts));
}

function coverFrom(run: ImageRun, seek: readonly string[], choose: readonly string[]): string[] {
  const { facts } = run.plan;
  const filters = [...choose, ...pictureFilters(facts, coverSize(facts))];
  // filters know where they are by the source's own time
  return [...head(run, ['-copyts', ...seek]), ...picture(filters, 'format=yuvj420p'), COVER_FILE];
}

/** Sizes of cover and storyboard in pixels. */
export function imageSizes({ facts, storyboard }: ImagePlan) {
  const { tileWidth, tileHeight, columns, rows } = storyboard;
  return { cover: coverSize(facts), sprite: { width: tileWidth * columns, height: tileHeight * rows } };
}

function coverSize({ video }: MediaFacts): { width: number; height: number } {
  const scale = Math.min(1, COVER_LONG_SIDE / Math.max(video.displayWidth, video.displayHeight));
  return { width: even(video.displayWidth * scale), height: even(video.displayHeight * scale) };
}

/** Upper bounds of the memory of the two runs, in bytes. */
export function imageMemory(run: ImageRun, sizeBytes: number): { cover: number; storyboard: number } {
  const { facts, storyboard } = run.plan;
  const { tileWidth, tileHeight, columns, rows } = storyboard;
  const reading = { sizeBytes, video: facts.video, threads: run.threads };
  const sheet = { width: tileWidth * columns, height: tileHeight * rows, count: 2 };
  return {
    cover: pictureMemory(reading, { ...coverSize(facts), count: COVER_CANDIDATES }),
    storyboard: pictureMemory(reading, sheet),
  };
}

/** One sheet of small pictures, one per interval, the first one of the interval or the last one before it. */
export function storyboardArgs(run: ImageRun, keyframesOnly = mayHaveKeyframesOnly(run)): string[] {
  const { facts, storyboard } = run.plan;
  const { tileWidth, tileHeight, columns, rows, count, intervalSeconds } = storyboard;
  const first =
    count === 1
      ? []
      : [`fps=fps=1/${intervalSeconds}:start_time=${originSeconds(facts).toFixed(6)}:round=up`];
  const filters = [
    ...repairPictureTimes(facts),
    // a place from which pictures recover is no keyframe, though it is not left out
    ...(keyframesOnly ? ['select=key', KEYFRAMES_BRANCH] : []),
    // neighbours of keyframes are not decoded: there is nothing to deinterlace them with
    ...uprightFilters(facts, !keyframesOnly),
    ...first,
    ...pictureFilters(facts, { width: tileWidth, height: tileHeight }),
    // the last picture stands for all that follows it: a source may have no keyframe near its end
    `tpad=stop=${count}:stop_mode=clone`,
    `tile=layout=${columns}x${rows}:nb_frames=${count}`,
  ];
  // the demuxer leaves the other pictures out where it can, the decoder where it cannot
  const skip = keyframesOnly ? ['-discard', 'nokey', '-skip_frame', 'nokey'] : [];
  return [...head(run, ['-copyts', ...skip]), ...picture(filters, 'format=yuvj420p'), SPRITE_FILE];
}

/** Whether keyframes alone are dense enough; a video may turn out to show none of them. */
export function mayHaveKeyframesOnly({ plan }: ImageRun): boolean {
  return plan.facts.video.durationSeconds > KEYFRAMES_ONLY_FROM_SECONDS;
}

/** Measures how far the keyframes of a video are apart, from its beginning to its end. */
export class KeyframeGaps {
  readonly #plan: ImagePlan;
  #last: number;
  #longest = 0;

  constructor({ plan }: Pick<ImageRun, 'plan'>) {
    this.#plan = plan;
    this.#last = plan.facts.video.startSeconds;
  }

  /** Takes the next keyframe. */
  add(seconds: number): void {
    this.#longest = Math.max(this.#longest, seconds - this.#last);
    this.#last = seconds;
  }

  /** Whether keyframes are too rare for the storyboard, and all pictures of the video not too many. Counts those added so far. */
  areTooLong(): boolean {
    const { facts, storyboard } = this.#plan;
    const { startSeconds, durationSeconds, codedWidth, codedHeight, outputFrameRate } = facts.video;
    const longest = Math.max(this.#longest, startSeconds + durationSeconds - this.#last);
    const allowed = Math.max(
      SPARSE_KEYFRAMES_SECONDS,
      storyboard.intervalSeconds * SPARSE_KEYFRAMES_INTERVALS,
    );
    const pictures = framesBetween(0, durationSeconds, outputFrameRate);
    return longest > allowed && pictures * codedWidth * codedHeight <= MAX_STORYBOARD_PIXELS;
  }
}

function head(run: ImageRun, options: readonly string[]): string[] {
  const { facts } = run.plan;
  return [
    ...GENERAL_ARGS,
    ...options,
    ...pictureInputArgs(facts),
    ...['-threads', String(decoderThreads(facts.video, run.threads))],
    ...inputArgs(run, facts.demuxer, decodedVideo(facts)),
    ...['-map', `0:${facts.video.streamIndex}`, ...BARE_OUTPUT_ARGS, '-an'],
  ];
}

function picture(filters: readonly string[], format: string): string[] {
  return [
    ...['-vf', [...filters, 'scale=out_range=pc', format].join(',')],
    ...['-frames:v', '1', '-fps_mode', 'passthrough', '-q:v', '4', '-f', 'image2', '-update', '1'],
  ];
}

function even(pixels: number): number {
  return Math.max(2, Math.floor(pixels / 2) * 2);
}
