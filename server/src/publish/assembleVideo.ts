import type { EncodePlan, Rendition, RenditionOutput, Segment } from '@reelmill/shared/contracts/media.ts';
import type { TaskResult, TaskSpec } from '@reelmill/shared/contracts/tasks.ts';
import type { AttemptTag } from '@reelmill/shared/core/objectKeys.ts';

/** A segment with the tag of the attempt that its key contains. */
export type TaggedSegment = Segment & { tag: AttemptTag };

/** One rendition for its playlist; the segments are contiguous from the first on. */
export interface AssembledRendition {
  rendition: Rendition;
  codecs: string;
  segments: TaggedSegment[];
}

export interface AssembledVideo {
  renditions: AssembledRendition[];
  audio: { codecs: string; channels: number; segments: TaggedSegment[] } | null;
  /** Duration of the video track. */
  durationSeconds: number;
}

export type Assembly = { ok: true; video: AssembledVideo } | { ok: false; reason: string };

export interface FinishedTask {
  spec: TaskSpec;
  result: TaskResult | null;
}

/**
 * Joins the results of all tasks of a plan. Returns `ok: false` with a reason for a missing or duplicate segment, a chunk
 * with another number of frames than planned, or different init segments.
 */
export function assembleVideo(plan: EncodePlan, tasks: readonly FinishedTask[]): Assembly {
  const fault = findWrongFrames(tasks) ?? findMissingChunk(plan, tasks);
  if (fault !== null) return { ok: false, reason: fault };
  const renditions: AssembledRendition[] = [];
  for (const rendition of plan.renditions) {
    const outputs = tasks.flatMap(({ result }) =>
      result?.kind === 'encode'
        ? result.renditions.filter(({ quality }) => quality === rendition.quality).map(withTag(result))
        : [],
    );
    const joined = joinOutputs(rendition.quality, outputs);
    if ('reason' in joined) return { ok: false, reason: joined.reason };
    renditions.push({ rendition, ...joined });
  }
  const lengths = new Set(renditions.map(({ segments }) => segments.length));
  if (lengths.size > 1) return { ok: false, reason: `renditions have ${[...lengths].join(', ')} segments` };
  const durationSeconds =
    renditions[0]?.segments.reduce((sum, segment) => sum + segment.durationSeconds, 0) ?? 0;
  const audio = assembleAudio(plan, tasks);
  if (audio !== null && 'reason' in audio) return { ok: false, reason: audio.reason };
  return { ok: true, video: { renditions, audio, durationSeconds } };
}

/** The output of a task, with the tag of its attempt at every segment. */
type TaggedOutput = Omit<RenditionOutput, 'segments'> & { segments: TaggedSegment[] };

function withTag({ tag }: { tag?: string | undefined }): (output: RenditionOutput) => TaggedOutput {
  return (output) => ({
    ...output,
    segments: output.segments.map((segment) => ({ ...segment, tag: tag ?? null })),
  });
}

type Joined = { codecs: string; segments: TaggedSegment[] } | { reason: string };

function joinOutputs(name: string, outputs: readonly TaggedOutput[]): Joined {
  const [first] = outputs;
  if (first === undefined) return { reason: `${name} has no output` };
  if (outputs.some(({ initSha256 }) => initSha256 !== first.initSha256)) {
    return { reason: `the chunks of ${name} have different init segments` };
  }
  const segments = outputs.flatMap((output) => output.segments).sort((a, b) => a.index - b.index);
  const gap = segments.findIndex((segment, index) => segment.index !== index);
  if (gap >= 0) return { reason: `${name} has segment ${segments[gap]?.index} where ${gap} should be` };
  if (segments.length === 0) return { reason: `${name} has no segment` };
  return { codecs: first.codecs, segments };
}

function assembleAudio(plan: EncodePlan, tasks: readonly FinishedTask[]) {
  const outputs = tasks.flatMap(({ result }) =>
    result?.kind === 'audio' && result.rendition !== null ? [withTag(result)(result.rendition)] : [],
  );
  if (plan.audio === null || outputs.length === 0) return null;
  const joined = joinOutputs('audio', outputs);
  return 'reason' in joined ? joined : { ...joined, channels: plan.audio.channels };
}

/** Returns the first missing chunk: without its last chunk a video would only seem shorter. */
function findMissingChunk(plan: EncodePlan, tasks: readonly FinishedTask[]): string | null {
  const encoded = new Set(
    tasks.flatMap(({ spec, result }) =>
      spec.kind === 'encode' && result?.kind === 'encode'
        ? spec.qualities.map((quality) => `chunk ${spec.chunk.index} of ${quality}`)
        : [],
    ),
  );
  const planned = plan.renditions.flatMap(({ quality }) =>
    plan.chunks.map(({ index }) => `chunk ${index} of ${quality}`),
  );
  const missing = planned.find((piece) => !encoded.has(piece));
  return missing === undefined ? null : `${missing} is missing`;
}

function findWrongFrames(tasks: readonly FinishedTask[]): string | null {
  for (const { spec, result } of tasks) {
    if (spec.kind !== 'encode' || result?.kind !== 'encode') continue;
    const { index, frameCount, last } = spec.chunk;
    if (last ? result.frames > frameCount : result.frames !== frameCount) {
      return `chunk ${index} has ${result.frames} frames instead of ${frameCount}`;
    }
  }
  return null;
}
