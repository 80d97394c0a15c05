import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EncodePlan, RenditionOutput } from '@reelmill/shared/contracts/media.ts';
import { makeMediaFacts } from '../../../test/support/mediaFacts.ts';
import { encodeTasks, planVideo } from '../plan/planVideo.ts';
import { assembleVideo, type FinishedTask } from './assembleVideo.ts';

const FACTS = makeMediaFacts({
  durationSeconds: 40,
  video: { displayWidth: 640, displayHeight: 360, outputFrameRate: { num: 25, den: 1 } },
});
const plan: EncodePlan = planVideo(FACTS, { version: 1, chunkSeconds: 10 });

/** Every task of the plan, done as planned. */
function finishedTasks(): FinishedTask[] {
  return encodeTasks(plan, { key: 'raw/1/a.mp4', sizeBytes: 1 }).map(({ spec }): FinishedTask => {
    if (spec.kind === 'audio') return { spec, result: { kind: 'audio', rendition: outputOf('audio', 0, 8) } };
    if (spec.kind !== 'encode') return { spec, result: null };
    const { firstSegment, segmentCount, frameCount } = spec.chunk;
    const renditions = spec.qualities.map((quality) => outputOf(quality, firstSegment, segmentCount));
    return { spec, result: { kind: 'encode', frames: frameCount, renditions } };
  });
}

function outputOf(quality: string, first: number, count: number): RenditionOutput {
  const segments = Array.from({ length: count }, (_, index) => ({
    index: first + index,
    durationSeconds: 5,
    sizeBytes: 1000,
  }));
  return { quality, codecs: `codec of ${quality}`, initSha256: `init of ${quality}`, frames: 1, segments };
}

/** The tasks with changed outputs of the last chunk. */
function changedTasks(change: (output: RenditionOutput) => void): FinishedTask[] {
  const tasks = finishedTasks();
  const last = tasks.find(({ spec }) => spec.kind === 'encode' && spec.chunk.last);
  if (last?.result?.kind === 'encode') for (const output of last.result.renditions) change(output);
  return tasks;
}

const reasonOf = (tasks: FinishedTask[]): string => {
  const assembly = assembleVideo(plan, tasks);
  return assembly.ok ? 'ok' : assembly.reason;
};

test('joins outputs in order, whatever order they arrived in', () => {
  const assembly = assembleVideo(plan, finishedTasks().reverse());
  assert.ok(assembly.ok);
  assert.equal(assembly.video.durationSeconds, 40);
  for (const { segments } of assembly.video.renditions) {
    assert.deepEqual(
      segments.map(({ index }) => index),
      [0, 1, 2, 3, 4, 5, 6, 7],
    );
  }
  assert.deepEqual([assembly.video.audio?.codecs, assembly.video.audio?.channels], ['codec of audio', 2]);
});

test('finds a missing, duplicate or foreign segment', () => {
  assert.match(reasonOf(changedTasks((output) => output.segments.splice(0, 1))), /has segment \d+ where/);
  assert.match(
    reasonOf(changedTasks((output) => output.segments.push(...output.segments.slice(0, 1)))),
    /has segment \d+ where/,
  );
  assert.match(
    reasonOf(
      changedTasks((output) => {
        output.initSha256 = 'another';
      }),
    ),
    /different init segments/,
  );
});

test('finds a chunk with another number of frames than planned; only the last one may be shorter', () => {
  const framesOf = (change: number, last: boolean) => {
    const tasks = finishedTasks();
    const task = tasks.find(({ spec }) => spec.kind === 'encode' && spec.chunk.last === last);
    if (task?.result?.kind === 'encode') task.result.frames += change;
    return reasonOf(tasks);
  };
  assert.match(framesOf(-1, false), /frames instead of/);
  assert.equal(framesOf(-1, true), 'ok');
  assert.match(framesOf(1, true), /frames instead of/);
});

test('a video without its audio output is silent', () => {
  const tasks = finishedTasks().filter(({ spec }) => spec.kind !== 'audio');
  const assembly = assembleVideo(plan, tasks);
  assert.ok(assembly.ok);
  assert.equal(assembly.video.audio, null);
});

test('rejects renditions of different lengths', () => {
  const shorter = plan.renditions[0]?.quality;
  const tasks = changedTasks((output) => {
    if (output.quality === shorter) output.segments.pop();
  });
  assert.match(reasonOf(tasks), /renditions have/);
});

test('rejects a video without its last chunk', () => {
  const tasks = finishedTasks().filter(({ spec }) => spec.kind !== 'encode' || !spec.chunk.last);
  assert.match(reasonOf(tasks), /^chunk \d+ of \d+p is missing$/);
  const pending = finishedTasks().map((task) =>
    task.spec.kind === 'encode' && task.spec.chunk.last ? { ...task, result: null } : task,
  );
  assert.match(reasonOf(pending), /is missing$/);
});
