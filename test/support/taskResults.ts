import type { MediaFacts, RenditionOutput } from '@reelmill/shared/contracts/media.ts';
import type { TaskResult, TaskSpec } from '@reelmill/shared/contracts/tasks.ts';
import { type TaskKeys, taskKeys } from '@reelmill/shared/core/objectKeys.ts';
import { makeMediaFacts } from './mediaFacts.ts';

/** Facts of an ordinary 1280x720 video of 30 frames per second with sound. */
export function factsOf({
  durationSeconds,
  audio,
}: {
  durationSeconds: number;
  audio?: boolean;
}): MediaFacts {
  return makeMediaFacts({ durationSeconds, ...(audio === false ? { audio: null } : {}) });
}

type Made = Exclude<TaskResult, { kind: 'inspect' }>;

/** What a worker that does everything right would make of a task; without a tag one of an earlier version. */
export function resultOf(spec: TaskSpec, facts: MediaFacts, videoId = 1, tag?: string): TaskResult {
  if (spec.kind === 'inspect') return { kind: 'inspect', facts };
  const { folder, version } = spec.plan;
  const result = made(spec, taskKeys(folder ?? videoId, version, tag ?? null));
  if (tag !== undefined) return { ...result, tag };
  return folder === undefined ? result : { ...result, folder };
}

/** A result without a tag as that of a try which has one. Pictures that are not the task's own stay as they are. */
export function tagResult(result: TaskResult, spec: TaskSpec, videoId: number, tag: string): TaskResult {
  if (result.kind === 'inspect' || spec.kind === 'inspect' || result.tag !== undefined) return result;
  const { folder: _, ...rest } = result;
  if (rest.kind !== 'images') return { ...rest, tag };
  const { folder, version } = spec.plan;
  const isOwn = rest.coverKey === taskKeys(folder ?? videoId, version, null).cover;
  return { ...rest, tag, ...(isOwn ? { coverKey: taskKeys(folder ?? videoId, version, tag).cover } : {}) };
}

function made(spec: Exclude<TaskSpec, { kind: 'inspect' }>, { cover }: TaskKeys): Made {
  switch (spec.kind) {
    case 'images':
      return { kind: 'images', coverKey: cover, storyboardKey: null };
    case 'audio':
      return { kind: 'audio', rendition: outputOf('audio', 0, 4, spec.plan.segmentFrames / 30) };
    case 'encode': {
      const { firstSegment, segmentCount, frameCount } = spec.chunk;
      const seconds = frameCount / segmentCount / 30;
      return {
        kind: 'encode',
        frames: frameCount,
        renditions: spec.qualities.map((quality) => outputOf(quality, firstSegment, segmentCount, seconds)),
      };
    }
  }
}

function outputOf(quality: string, first: number, count: number, durationSeconds: number): RenditionOutput {
  return {
    quality,
    codecs: quality === 'audio' ? 'mp4a.40.2' : 'avc1.64001f',
    initSha256: `init of ${quality}`,
    frames: Math.round(count * durationSeconds * 30),
    segments: Array.from({ length: count }, (_, index) => ({
      index: first + index,
      durationSeconds,
      sizeBytes: 100_000,
    })),
  };
}
