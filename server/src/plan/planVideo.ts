import type { Chunk, EncodePlan, MediaFacts } from '@reelmill/shared/contracts/media.ts';
import type { TaskSource, TaskSpec } from '@reelmill/shared/contracts/tasks.ts';
import { framesBetween, originSeconds } from '@reelmill/shared/core/timeline.ts';
import { MIN_SEGMENT_SECONDS, planChunks, segmentFramesFor } from './chunkPlan.ts';
import { buildLadder, previewQuality } from './ladder.ts';
import { planStoryboard } from './storyboardPlan.ts';

export interface PlanOptions {
  /** Plan version of the video; part of every segment's key. */
  version: number;
  /** About how much video one encode task covers. */
  chunkSeconds: number;
  /** About how much video one segment holds; 5 s where it is left out. */
  segmentSeconds?: number;
  /** How many workers share the tasks; 2 where that is not known. */
  workers?: number;
  /** Plan a single chunk, after the chunks of an earlier plan did not match it. */
  singleChunk?: boolean;
}

/** Returns the plan of a video. A pure function: the same facts and options always lead to the same plan. */
export function planVideo(facts: MediaFacts, options: PlanOptions): EncodePlan {
  const frameRate = facts.video.outputFrameRate;
  const segmentFrames = segmentFramesFor(frameRate, options.segmentSeconds);
  const endSeconds = facts.video.startSeconds + facts.video.durationSeconds;
  const totalFrames = Math.max(1, framesBetween(originSeconds(facts), endSeconds, frameRate));
  const { heldSeconds = 0, singlePicture } = facts.video;
  const whole = !facts.seekable || singlePicture || options.singleChunk === true;
  return {
    version: options.version,
    facts,
    segmentFrames,
    totalFrames,
    minSegmentSeconds: MIN_SEGMENT_SECONDS,
    renditions: buildLadder(facts),
    audio: facts.audio && planAudio(facts.audio),
    chunks: planChunks({
      totalFrames,
      heldFrames: framesBetween(0, heldSeconds, frameRate),
      segmentFrames,
      frameRate,
      chunkSeconds: options.chunkSeconds,
      workers: options.workers ?? 2,
      whole,
    }),
    storyboard: planStoryboard(facts),
  };
}

const STEREO_BITRATE = 128_000;
const MONO_BITRATE = 72_000;
const KEPT_SAMPLE_RATES = [44_100, 48_000];

/** Mono stays mono; everything wider becomes stereo, which every browser plays. */
function planAudio(source: NonNullable<MediaFacts['audio']>): NonNullable<EncodePlan['audio']> {
  const channels = Math.min(2, source.channels);
  return {
    channels,
    sampleRate: KEPT_SAMPLE_RATES.includes(source.sampleRate) ? source.sampleRate : 48_000,
    bitrate: channels === 1 ? MONO_BITRATE : STEREO_BITRATE,
  };
}

/** A task to insert after inspection. */
export interface PlannedTask {
  spec: TaskSpec;
  /** Order within the video, from 1 (0 is the inspection); lower goes first. */
  position: number;
  /** What `done` of a progress event counts up to. */
  unitsTotal: number;
  /** Relative cost: frames times pixels of an encode, in millions. It makes the progress advance evenly. */
  weight: number;
}

/**
 * Returns the tasks of a plan in the order of their work: the preview (the first segment in one small rendition), the
 * audio, the other renditions of the first chunk, the images, then the other chunks in every rendition.
 */
export function encodeTasks(plan: EncodePlan, source: TaskSource): PlannedTask[] {
  const { chunks, ...shared } = plan;
  const [firstChunk, ...otherChunks] = chunks;
  if (firstChunk === undefined) throw new RangeError('a plan has at least one chunk');
  const all = plan.renditions.map((rendition) => rendition.quality);
  const encode = (chunk: Chunk, qualities: string[]) => ({
    spec: { kind: 'encode' as const, source, plan: shared, chunk, qualities },
    unitsTotal: chunk.frameCount,
    weight: encodeWeight(plan, chunk, qualities),
  });
  const whole = { unitsTotal: 1000, weight: 1 };
  // the last chunk is never the shortest one; started after shorter ones it would delay the whole video
  const longestFirst = otherChunks.toSorted((a, b) => b.segmentCount - a.segmentCount);
  const first = splitPreview(plan, firstChunk).map((qualities) => encode(firstChunk, qualities));
  const audio = plan.audio ? [{ spec: { kind: 'audio' as const, source, plan: shared }, ...whole }] : [];
  const images = { spec: { kind: 'images' as const, source, plan: shared }, ...whole };
  return [
    ...first.slice(0, 1),
    ...audio,
    ...first.slice(1),
    images,
    ...longestFirst.map((chunk) => encode(chunk, all)),
  ].map((task, index) => ({ ...task, position: index + 1 }));
}

/** Returns the qualities of each task of the first chunk. A single short chunk is not worth two decodes. */
function splitPreview(plan: EncodePlan, firstChunk: Chunk): string[][] {
  const all = plan.renditions.map((rendition) => rendition.quality);
  if (firstChunk.last || all.length === 1) return [all];
  const small = previewQuality(plan.renditions);
  return [[small], all.filter((quality) => quality !== small)];
}

function encodeWeight(plan: EncodePlan, chunk: Chunk, qualities: readonly string[]): number {
  const pixels = plan.renditions
    .filter((rendition) => qualities.includes(rendition.quality))
    .reduce((sum, rendition) => sum + rendition.width * rendition.height, 0);
  return (pixels * chunk.frameCount) / 1e6;
}
