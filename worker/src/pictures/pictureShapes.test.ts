import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseShape, ShapeCollector } from './pictureShapes.ts';

interface Keyframe {
  at: number;
  size: [number, number];
  aspect?: string;
}

function scanOf(keyframes: readonly Keyframe[], endSeconds: number) {
  const collector = new ShapeCollector();
  for (const { at, size, aspect } of keyframes) {
    collector.add(
      `best_effort_timestamp_time=${at.toFixed(6)}|width=${size[0]}|height=${size[1]}|sample_aspect_ratio=${aspect ?? '1:1'}|interlaced_frame=0`,
    );
  }
  return collector.finish(endSeconds) ?? assert.fail('no pictures');
}

function chosenSize(keyframes: readonly Keyframe[], endSeconds: number) {
  const shape = chooseShape(scanOf(keyframes, endSeconds));
  return shape && [shape.width, shape.height];
}

test('the largest shape that lasts is chosen, not the first one', () => {
  const call: Keyframe[] = [
    { at: 0, size: [320, 180] },
    { at: 3, size: [640, 360] },
    { at: 8, size: [1280, 720] },
  ];
  assert.deepEqual(chosenSize(call, 60), [1280, 720]);
  assert.deepEqual(
    scanOf(call, 60).shapes.map(({ seconds }) => seconds),
    [3, 5, 52],
  );
});

test('a larger picture that is gone at once decides nothing', () => {
  const glitch: Keyframe[] = [
    { at: 0, size: [640, 360] },
    { at: 30, size: [1280, 720] },
    { at: 31, size: [640, 360] },
  ];
  assert.deepEqual(chosenSize(glitch, 60), [640, 360]);
});

test('a picture beyond what the decoder of a smaller one may take is never dropped', () => {
  const glitch: Keyframe[] = [
    { at: 0, size: [640, 360] },
    { at: 30, size: [3840, 2160] },
    { at: 31, size: [640, 360] },
  ];
  assert.deepEqual(chosenSize(glitch, 60), [3840, 2160]);
});

test('where no shape lasts, the one that is shown longest is chosen', () => {
  const many = Array.from({ length: 20 }, (_, n) => ({ at: n, size: [100 + n, 100] as [number, number] })); // not number[]
  assert.deepEqual(chosenSize(many, 20.5), [119, 100]);
});

test('the same size with other pixels is another shape', () => {
  const { shapes } = scanOf(
    [
      { at: 0, size: [720, 576], aspect: '16:15' },
      { at: 2, size: [720, 576], aspect: '64:45' },
    ],
    10,
  );
  assert.equal(shapes.length, 2);
  assert.deepEqual(chooseShape({ shapes })?.sampleAspectRatio, { num: 64, den: 45 });
});

test('pixels of unknown shape are square, and those of nearly the same shape are the same', () => {
  const { shapes } = scanOf(
    [
      { at: 0, size: [720, 576], aspect: 'N/A' },
      { at: 2, size: [720, 576] },
      { at: 4, size: [720, 576], aspect: '100:99' },
    ],
    10,
  );
  assert.deepEqual(
    shapes.map(({ seconds }) => seconds),
    [10],
  );
});

test('memory does not grow with the number of shapes', () => {
  const many = Array.from({ length: 5_000 }, (_, n) => ({ at: n, size: [100 + n, 100] as [number, number] })); // not number[]
  assert.ok(scanOf(many, 5_000).shapes.length <= 100);
});

test('interlaced pictures and captions are seen, other lines are not', () => {
  const collector = new ShapeCollector();
  collector.add('side_data|side_data_type=Display Matrix');
  collector.add('');
  assert.equal(collector.finish(1), null);
  collector.add(
    'best_effort_timestamp_time=0.000000|width=64|height=64|sample_aspect_ratio=N/A|interlaced_frame=1|side_data|side_data_type=ATSC A53 Part 4 Closed Captions',
  );
  assert.equal(collector.captions, true);
  assert.equal(collector.finish(1)?.interlaced, true);
});

test('where the shape of the pixels changes is known, but not without bound', () => {
  const size: [number, number] = [720, 576];
  const programmes: Keyframe[] = [
    { at: 0, size, aspect: '16:15' },
    { at: 1, size, aspect: '64:45' },
    { at: 2, size, aspect: '64:45' },
    // keyframes come in the order in which they are decoded
    { at: 0.5, size, aspect: '16:15' },
    { at: 3, size, aspect: '100:1' },
    { at: 4, size, aspect: '0:1' },
  ];
  assert.deepEqual(scanOf(programmes, 5).aspectChanges, [
    { fromSeconds: 0, aspect: { num: 16, den: 15 } },
    { fromSeconds: 1, aspect: { num: 64, den: 45 } },
    { fromSeconds: 3, aspect: { num: 1, den: 1 } },
  ]);
  const reversed = scanOf(programmes.toReversed(), 5);
  assert.deepEqual(reversed.aspectChanges, scanOf(programmes, 5).aspectChanges);
  const flicker = Array.from({ length: 200 }, (_, at) => ({ at, size, aspect: at % 2 ? '16:15' : '64:45' }));
  assert.equal(scanOf(flicker, 200).aspectChanges, null);
});
