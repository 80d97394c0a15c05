import type { EncodePlan, MediaFacts } from '@reelmill/shared/contracts/media.ts';
import { originSeconds } from '@reelmill/shared/core/timeline.ts';
import { BARE_OUTPUT_ARGS, GENERAL_ARGS } from './encodeArgs.ts';
import { pictureFilters } from './filterGraph.ts';
import { decodedVideo } from './inputBounds.ts';
import { decoderThreads, pictureMemory } from './memoryNeeds.ts';
import { inputArgs, type SourceInput } from './source.ts';
import { pictureInputArgs, uprightFilters } from './uprightFilters.ts';

type ImagePlan = Pick<EncodePlan, 'facts' | 'storyboard'>;

export const COVER_FILE = 'cover.jpg';
export const SPRITE_FILE = 'storyboard.jpg';

const COVER_LONG_SIDE = 1280;
/** Where the cover is looked for, as a share of the video, and among how many pictures. */
const COVER_AT = 0.1;
const COVER_CANDIDATES = 40;
/** From this length on, only keyframes are decoded for the storyboard. */
const KEYFRAMES_ONLY_FROM_SECONDS = 20;

export interface ImageRun extends SourceInput {
  plan: ImagePlan;
  threads: number;
}

/** The most typical picture of a moment a little into the video. */
export function coverArgs(run: ImageRun): string[] {
  const { facts } = run.plan;
  const at = facts.video.startSeconds + facts.video.durationSeconds * COVER_AT - facts.preRollSeconds;
  const seek = facts.seekable ? ['-seek_timestamp', '1', '-noaccurate_seek', '-ss', at.toFixed(3)] : [];
  const { width, height } = coverSize(facts);
  // scaled first: the filter keeps every candidate
  return coverFrom(run, seek, [`scale=${width}:${height}:flags=bicubic`, `thumbnail=n=${COVER_CANDIDATES}`]);
}

/** The very first picture, for videos too short for anything else. */
export function firstPictureArgs(run: ImageRun): string[] {
  return coverFrom(run, [], []);
}

function coverFrom(run: ImageRun, seek: readonly string[], choose: readonly string[]): string[] {
  const { facts } = run.plan;
  const filters = [...uprightFilters(facts), ...choose, ...pictureFilters(facts, coverSize(facts))];
  return [...head(run, seek), ...picture(filters, 'format=yuvj420p'), COVER_FILE];
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
    ...['-frames:v', '1', '-q:v', '4', '-f', 'image2', '-update', '1'],
  ];
}

function even(pixels: number): number {
  return Math.max(2, Math.floor(pixels / 2) * 2);
}
