import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TaskResult, TaskSpec } from '@reelmill/shared/contracts/tasks.ts';
import { factsOf, resultOf } from '../../../test/support/taskResults.ts';
import { encodeTasks, planVideo } from '../plan/planVideo.ts';
import { findFalseReport } from './checkReport.ts';

const FACTS = factsOf({ durationSeconds: 120 });
const SOURCE = { key: 'raw/7/a.mp4', sizeBytes: 1_000_000 };
const PLAN = planVideo(FACTS, { version: 1, chunkSeconds: 20, workers: 4, singleChunk: false });
const SPECS: TaskSpec[] = [
  { kind: 'inspect', source: SOURCE },
  ...encodeTasks(PLAN, SOURCE).map(({ spec }) => spec),
];
const specOf = (kind: TaskSpec['kind']): TaskSpec =>
  SPECS.find((spec) => spec.kind === kind) ?? assert.fail(kind);
const TAG = '12-0123456789ab';
const check = (spec: TaskSpec, result: TaskResult) => findFalseReport({ spec, videoId: 7, tag: TAG }, result);

/** A good result of a task, with something in it changed. */
function forge<K extends TaskResult['kind']>(
  kind: K,
  change: (result: Extract<TaskResult, { kind: K }>) => void,
): string | null {
  const spec = specOf(kind);
  const result = structuredClone(resultOf(spec, FACTS, 7, TAG));
  change(result as Extract<TaskResult, { kind: K }>); // a result is of the kind of its task
  return check(spec, result);
}

test('what a worker that does everything right reports is taken', () => {
  assert.ok(SPECS.length > 5);
  for (const spec of SPECS) assert.equal(check(spec, resultOf(spec, FACTS, 7, TAG)), null, spec.kind);
  assert.equal(check(specOf('audio'), { kind: 'audio', rendition: null, tag: TAG }), null);
  const coverKey = `processed/7/cover_1_${TAG}.jpg`;
  const storyboardKey = `processed/7/storyboard_1_${TAG}.vtt`;
  assert.equal(check(specOf('images'), { kind: 'images', coverKey, storyboardKey, tag: TAG }), null);
});

test('a cover or storyboard is that of this video and no other object', () => {
  const foreign = [
    'processed/8/cover.jpg',
    'processed/7/cover.jpg',
    'processed/7/cover_1_12-0123456789ac.jpg',
    `processed/7/cover_2_${TAG}.jpg`,
    `processed/8/cover_1_${TAG}.jpg`,
    'raw/7/a.mp4',
    'raw/8/secret.mp4',
    'processed/7/../8/cover.jpg',
    'processed/7/cover.jpg/',
    '/processed/7/cover.jpg',
    '',
  ];
  for (const key of foreign) {
    assert.notEqual(
      forge('images', (result) => void Object.assign(result, { coverKey: key })),
      null,
      key,
    );
    assert.notEqual(
      forge('images', (result) => void Object.assign(result, { storyboardKey: key })),
      null,
      key,
    );
  }
});

test('a result is of the attempt whose lease it comes with', () => {
  for (const kind of ['encode', 'audio', 'images'] as const) {
    for (const tag of ['12-0123456789ac', '13-0123456789ab', undefined]) {
      assert.notEqual(
        forge(kind, (result) => void Object.assign(result, { tag })),
        null,
        `${kind} ${tag}`,
      );
    }
  }
});

test('renditions are those that were asked for, each once', () => {
  const first = (result: Extract<TaskResult, { kind: 'encode' }>) => result.renditions[0] ?? assert.fail();
  const changes: ((result: Extract<TaskResult, { kind: 'encode' }>) => void)[] = [
    (result) => void Object.assign(first(result), { quality: '4320p' }),
    (result) => void Object.assign(first(result), { quality: '../../8/hls_720p' }),
    (result) => void result.renditions.pop(),
    (result) => void result.renditions.push(structuredClone(first(result))),
    (result) => void Object.assign(result, { renditions: [] }),
  ];
  for (const change of changes) assert.notEqual(forge('encode', change), null, String(change));
  assert.notEqual(
    forge('audio', ({ rendition }) => void (rendition && Object.assign(rendition, { quality: '720p' }))),
    null,
  );
});

test('segments are those of the task, once, of a size that can be', () => {
  const changes: ((segment: { index: number; durationSeconds: number; sizeBytes: number }) => void)[] = [
    (segment) => void Object.assign(segment, { index: 1_000_000 }),
    (segment) => void Object.assign(segment, { durationSeconds: 1e9 }),
    (segment) => void Object.assign(segment, { sizeBytes: 10 * 1024 ** 3 }),
  ];
  for (const change of changes) {
    for (const kind of ['encode', 'audio'] as const) {
      const fault = forge(kind, (result) => {
        const output = result.kind === 'encode' ? result.renditions[0] : result.rendition;
        change(output?.segments[0] ?? assert.fail());
      });
      assert.notEqual(fault, null, `${kind} ${change}`);
    }
  }
  const twice = forge('audio', ({ rendition }) => {
    if (rendition?.segments[0]) rendition.segments.push(rendition.segments[0]);
  });
  assert.notEqual(twice, null);
  // segments of another chunk of the same video
  const [, second] = SPECS.filter((spec) => spec.kind === 'encode' && spec.chunk.firstSegment > 0);
  assert.notEqual(check(specOf('encode'), resultOf(second ?? assert.fail(), FACTS, 7, TAG)), null);
});

test('codecs cannot add anything to a playlist', () => {
  for (const codecs of [
    'avc1"\n#EXT-X-MEDIA:URI="http://example.org/"',
    'avc1,mp4a',
    '',
    'a'.repeat(65),
    'a b',
  ]) {
    const fault = forge(
      'audio',
      ({ rendition }) => void (rendition && Object.assign(rendition, { codecs: codecs })),
    );
    assert.notEqual(fault, null, codecs);
  }
});

test('names that become arguments of ffmpeg cannot be anything but names', () => {
  for (const name of ['-i', 'mov -i /etc/passwd', 'mov\n', '', '../x', 'a'.repeat(65), 'scale=1:1;movie']) {
    assert.notEqual(
      forge('inspect', ({ facts }) => void Object.assign(facts, { demuxer: name })),
      null,
      name,
    );
    assert.notEqual(
      forge('inspect', ({ facts }) => void Object.assign(facts.video, { pixelFormat: name })),
      null,
      name,
    );
    assert.notEqual(
      forge('inspect', ({ facts }) => void Object.assign(facts.video, { colorSpace: name })),
      null,
      name,
    );
  }
  assert.notEqual(
    forge('inspect', ({ facts }) => void Object.assign(facts.video, { codedWidth: 1e9 })),
    null,
  );
  assert.notEqual(
    forge('inspect', ({ facts }) => void Object.assign(facts, { durationSeconds: 1e12 })),
    null,
  );
});
