import type { EncodePlan, Segment } from '@reelmill/shared/contracts/media.ts';
import type { TaskResult, TaskSpec, TaskState } from '@reelmill/shared/contracts/tasks.ts';
import type { AttemptTag } from '@reelmill/shared/core/objectKeys.ts';
import {
  audioSegmentSeconds,
  maxAudioSegments,
  videoSegmentSeconds,
} from '@reelmill/shared/core/timeline.ts';

/** The columns of a task that determine which segments exist. */
export interface TaskFacts {
  state: TaskState;
  spec: TaskSpec;
  result: TaskResult | null;
  /** See `listedSegments.ts`. */
  segmentsDone: number;
  listedTag: AttemptTag;
  damagedTag: AttemptTag;
  damagedSegments: number;
}

/** `tag` is that of the attempt that its key contains. */
export type PlayableSegment = Pick<Segment, 'index' | 'durationSeconds'> & { tag: AttemptTag };

/** The segments of one rendition that exist in the store without a gap from the first on. */
export interface PlayablePrefix {
  /** A quality (`720p`) or `audio`. */
  name: string;
  segments: PlayableSegment[];
}

/**
 * Returns what can be watched of a transcoding video: all segments of done tasks, and the reported segments of running ones
 * with the durations of the plan. Leaves out renditions without their first segment. `tasks` are those of the plan's
 * version, in any order.
 */
export function findPlayablePrefix(
  plan: EncodePlan,
  tasks: readonly TaskFacts[],
): { video: PlayablePrefix[]; audio: PlayablePrefix | null } {
  const encodes = tasks.filter((task) => task.spec.kind === 'encode');
  const video = plan.renditions
    .map(({ quality }) =>
      collectRun(
        quality,
        encodes.flatMap((task) => encodedSegments(plan, task, quality)),
      ),
    )
    .filter((run) => run.segments.length > 0);
  const audio = collectRun(
    'audio',
    tasks.flatMap((task) => audioSegments(plan, task)),
  );
  return { video, audio: audio.segments.length > 0 ? audio : null };
}

function encodedSegments(plan: EncodePlan, task: TaskFacts, quality: string): PlayableSegment[] {
  const { spec, result } = task;
  if (spec.kind !== 'encode' || !spec.qualities.includes(quality)) return [];
  if (result?.kind === 'encode') {
    return withTag(result.tag, result.renditions.find((r) => r.quality === quality)?.segments);
  }
  const { firstSegment, segmentCount } = spec.chunk;
  return listedSegments(task, { first: firstSegment, max: segmentCount }, (index) =>
    videoSegmentSeconds(plan, index),
  );
}

function audioSegments(plan: EncodePlan, task: TaskFacts): PlayableSegment[] {
  if (task.spec.kind !== 'audio') return [];
  if (task.result?.kind === 'audio') return withTag(task.result.tag, task.result.rendition?.segments);
  return listedSegments(task, { first: 0, max: maxAudioSegments(plan) }, (index) =>
    audioSegmentSeconds(plan, index),
  );
}

function withTag(tag: string | undefined, segments: readonly Segment[] = []): PlayableSegment[] {
  return segments.map((segment) => ({ ...segment, tag: tag ?? null }));
}

function listedSegments(
  { segmentsDone, listedTag, damagedTag, damagedSegments }: TaskFacts,
  { first, max }: { first: number; max: number },
  secondsOf: (index: number) => number,
): PlayableSegment[] {
  // a worker may report any number
  const count = Math.min(Math.max(segmentsDone, damagedSegments), max);
  return Array.from({ length: count }, (_, offset) => {
    const index = first + offset;
    return { index, durationSeconds: secondsOf(index), tag: offset < segmentsDone ? listedTag : damagedTag };
  });
}

function collectRun(name: string, finished: readonly PlayableSegment[]): PlayablePrefix {
  const byIndex = new Map(finished.map((segment) => [segment.index, segment]));
  const segments: PlayableSegment[] = [];
  for (let next = byIndex.get(0); next !== undefined; next = byIndex.get(segments.length))
    segments.push(next);
  return { name, segments };
}
