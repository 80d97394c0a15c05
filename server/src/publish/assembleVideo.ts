import type { EncodePlan, Rendition, RenditionOutput, Segment } from '@reelmill/shared/contracts/media.ts';
import type { TaskResult, TaskSpec } from '@reelmill/shared/contracts/tasks.ts';
import type { AttemptTag } from '@reelmill/shared/core/objectKeys.ts';

/** A segment, and the try whose key it has. */
export type MadeSegment = Segment & { tag: AttemptTag };

/** One rendition as its playlist needs it; segments are contiguous from the first. */
export interface AssembledRendition {
  rendition: Rendition;
  codecs: string;
  segments: MadeSegment[];
}

export interface AssembledVideo {
  renditions: AssembledRendition[];
  audio: { codecs: string; channels: number; segments: MadeSegment[] } | null;
  /** Length of the picture. */
  durationSeconds: number;
}

export type Assembly = { ok: true; video: AssembledVideo } | { ok: false; reason: string };

export interface FinishedTask {
  spec: TaskSpec;
  result: TaskResult | null;
}

/**
 * Joins what different workers made of one plan. Whatever does not fit together is a finding, not a result: a missing
 * or doubled segment, a chunk with another number of frames than planned, or inits that differ.
 */
export function assembleVideo(plan: EncodePlan, tasks: readonly FinishedTask[]): Assembly {
  const fault = findWrongFrames(tasks) ?? findMissingChunk(plan, tasks);
  if (fault !== null) return { ok: false, reason: fault };
  const renditions: AssembledRendition[] = [];
  for (const rendition of plan.renditions) {
    const outputs = tasks.flatMap(({ result }) =>
      result?.kind === 'encode'
        ? result.renditions.filter(({ quality }) => quality === rendition.quality).map(tagged(result))
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

/** What a task made, with the tag of the try that counts at every segment. */
type MadeOutput = Omit<RenditionOutput, 'segments'> & { segments: MadeSegment[] };

function tagged({ tag }: { tag?: string | undefined }): (output: RenditionOutput) => MadeOutput {
  return (output) => ({
    ...output,
    segments: output.segments.map((segment) => ({ ...segment, tag: tag ?? null })),
  });
}

type Joined = { codecs: string; segments: MadeSegment[] } | { reason: string };

function joinOutputs(name: string, outputs: readonly MadeOutput[]): Joined {
  const [first] = outputs;
  if (first === undefined) return { reason: `nothing was made of ${name}` };
  if (outputs.some(({ initSha256 }) => initSha256 !== first.initSha256)) {
    return { reason: `the chunks of ${name} have different inits` };
  }
  const segments = outputs.flatMap((output) => output.segments).sort((a, b) => a.index - b.index);
  const gap = segments.findIndex((segment, index) => segment.index !== index);
  if (gap >= 0) return { reason: `${name} has segment ${segments[gap]?.index} where ${gap} should be` };
  if (segments.length === 0) return { reason: `${name} has no segment` };
  return { codecs: first.codecs, segments };
}

function assembleAudio(plan: EncodePlan, tasks: readonly FinishedTask[]) {
  const outputs = tasks.flatMap(({ result }) =>
    result?.kind === 'audio' && result.rendition !== null ? [tagged(result)(result.rendition)] : [],
  );
  if (plan.audio === null || outputs.length === 0) return null;
  const joined = joinOutputs('audio', outputs);
  return 'reason' in joined ? joined : { ...joined, channels: plan.audio.channels };
}

/** Without its last chunk a video would only look shorter. */
function findMissingChunk(plan: EncodePlan, tasks: readonly FinishedTask[]): string | null {
  const made = new Set(
    tasks.flatMap(({ spec, result }) =>
      spec.kind === 'encode' && result?.kind === 'encode'
        ? spec.qualities.map((quality) => `chunk ${spec.chunk.index} of ${quality}`)
        : [],
    ),
  );
  const planned = plan.renditions.flatMap(({ quality }) =>
    plan.chunks.map(({ index }) => `chunk ${index} of ${quality}`),
  );
  const missing = planned.find((piece) => !made.has(piece));
  return missing === undefined ? null : `${missing} was not made`;
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
