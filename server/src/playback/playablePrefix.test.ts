import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EncodePlan } from '@reelmill/shared/contracts/media.ts';
import type { TaskResult } from '@reelmill/shared/contracts/tasks.ts';
import { makeMediaFacts } from '../../../test/support/mediaFacts.ts';
import { encodeTasks, planVideo } from '../plan/planVideo.ts';
import { findPlayablePrefix, type TaskFacts } from './playablePrefix.ts';

const plan = planVideo(
  makeMediaFacts({ durationSeconds: 60, video: { outputFrameRate: { num: 25, den: 1 } } }),
  { version: 1, chunkSeconds: 20 },
);

const source = { key: 'raw/1/a.mp4', sizeBytes: 1000 };
const pendingTasks = (): TaskFacts[] =>
  encodeTasks(plan, source).map(({ spec }) => ({
    state: 'pending',
    spec,
    result: null,
    segmentsDone: 0,
    listedTag: null,
    damagedTag: null,
    damagedSegments: 0,
  }));

/** The preview comes first, then the audio, then the rest of the first chunk. */
const [PREVIEW, AUDIO, REST_OF_FIRST, , SECOND_CHUNK, THIRD_CHUNK] = [0, 1, 2, 3, 4, 5];

function finish(tasks: TaskFacts[], index: number): void {
  const task = tasks[index];
  assert.ok(task);
  tasks[index] = { ...task, state: 'done', result: resultOf(plan, task) };
}

function report(tasks: TaskFacts[], index: number, segmentsDone: number): void {
  const task = tasks[index];
  assert.ok(task);
  tasks[index] = { ...task, state: 'running', segmentsDone, listedTag: 'attempt-1' };
}

function resultOf({ segmentFrames }: EncodePlan, { spec }: TaskFacts): TaskResult {
  const segments = (first: number, count: number) =>
    Array.from({ length: count }, (_, i) => ({ index: first + i, durationSeconds: 5.01, sizeBytes: 1000 }));
  const output = { initSha256: 'x', frames: segmentFrames };
  if (spec.kind === 'encode') {
    const { firstSegment, segmentCount, frameCount } = spec.chunk;
    return {
      kind: 'encode',
      tag: 'done-1',
      frames: frameCount,
      renditions: spec.qualities.map((quality) => ({
        ...output,
        quality,
        codecs: `avc1.${quality}`,
        segments: segments(firstSegment, segmentCount),
      })),
    };
  }
  assert.equal(spec.kind, 'audio');
  return {
    kind: 'audio',
    tag: 'done-1',
    rendition: { ...output, quality: 'audio', codecs: 'mp4a.40.2', segments: segments(0, 12) },
  };
}

const lengths = (tasks: TaskFacts[]) =>
  Object.fromEntries(findPlayablePrefix(plan, tasks).video.map((run) => [run.name, run.segments.length]));

test('is empty before the first segment exists', () => {
  assert.deepEqual(findPlayablePrefix(plan, pendingTasks()), { video: [], audio: null });
});

test('the preview has a single rendition, and audio as far as it is reported', () => {
  const tasks = pendingTasks();
  finish(tasks, PREVIEW);
  assert.deepEqual(lengths(tasks), { '360p': 1 });
  assert.equal(findPlayablePrefix(plan, tasks).audio, null);
  report(tasks, AUDIO, 3);
  assert.equal(findPlayablePrefix(plan, tasks).audio?.segments.length, 3);
});

test('leaves out failed audio', () => {
  const tasks = pendingTasks();
  const audio = tasks[AUDIO];
  assert.ok(audio);
  tasks[AUDIO] = { ...audio, state: 'done', segmentsDone: 2, result: { kind: 'audio', rendition: null } };
  assert.equal(findPlayablePrefix(plan, tasks).audio, null);
});

test('a running chunk has its reported segments, with the durations of the plan', () => {
  const tasks = pendingTasks();
  finish(tasks, PREVIEW);
  report(tasks, SECOND_CHUNK, 2);
  const run = findPlayablePrefix(plan, tasks).video[0];
  assert.deepEqual(run, {
    name: '360p',
    segments: [
      { index: 0, durationSeconds: 5.01, sizeBytes: 1000, tag: 'done-1' },
      { index: 1, durationSeconds: 5, tag: 'attempt-1' },
      { index: 2, durationSeconds: 5, tag: 'attempt-1' },
    ],
  });
});

test('a chunk counts only after the one before it', () => {
  const tasks = pendingTasks();
  finish(tasks, PREVIEW);
  finish(tasks, REST_OF_FIRST);
  finish(tasks, THIRD_CHUNK);
  assert.deepEqual(lengths(tasks), { '720p': 1, '480p': 1, '360p': 1, '240p': 1 });
  finish(tasks, SECOND_CHUNK);
  const second = tasks[SECOND_CHUNK]?.spec;
  const third = tasks[THIRD_CHUNK]?.spec;
  assert.ok(second?.kind === 'encode' && third?.kind === 'encode');
  const expected = 1 + second.chunk.segmentCount + third.chunk.segmentCount;
  assert.equal(lengths(tasks)['720p'], expected);
});

test('leaves out a rendition without its first segment, however many follow', () => {
  const tasks = pendingTasks();
  finish(tasks, PREVIEW);
  finish(tasks, SECOND_CHUNK);
  assert.deepEqual(Object.keys(lengths(tasks)), ['360p']);
});

test('segments have the tag of the listed attempt, followed by those of the damaged one that it replaces', () => {
  const tasks = pendingTasks();
  const audio = tasks[AUDIO];
  assert.ok(audio);
  const tagsOf = (change: Partial<TaskFacts>) => {
    tasks[AUDIO] = { ...audio, ...change };
    return findPlayablePrefix(plan, tasks).audio?.segments.map(({ tag }) => tag);
  };
  // from a worker of an earlier version
  assert.deepEqual(tagsOf({ segmentsDone: 2 }), [null, null]);
  assert.deepEqual(tagsOf({ segmentsDone: 2, listedTag: 'b' }), ['b', 'b']);
  const damaged = { damagedTag: 'a', damagedSegments: 3 };
  assert.deepEqual(tagsOf(damaged), ['a', 'a', 'a']);
  assert.deepEqual(tagsOf({ ...damaged, segmentsDone: 1, listedTag: 'b' }), ['b', 'a', 'a']);
  assert.deepEqual(tagsOf({ ...damaged, segmentsDone: 4, listedTag: 'b' }), ['b', 'b', 'b', 'b']);
  finish(tasks, AUDIO);
  assert.deepEqual(
    new Set(tagsOf({ result: tasks[AUDIO]?.result ?? null, ...damaged })),
    new Set(['done-1']),
  );
});
