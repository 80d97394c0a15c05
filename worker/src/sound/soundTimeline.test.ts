import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SoundTimeline } from './soundTimeline.ts';

const RATE = 1_000;
const ORIGIN_SECONDS = 5;

/** Sound of a constant value. */
interface Part {
  /** On the timeline; NaN where it has no time. */
  at: number;
  seconds: number;
  value: number;
}

function place(parts: readonly Part[], { seconds = 10, firstSample = 0, channels = 1 } = {}) {
  const options = { sampleRate: RATE, channels, originSeconds: ORIGIN_SECONDS };
  const timeline = new SoundTimeline({ ...options, firstSample, endSample: seconds * RATE });
  const samples = parts.flatMap((part) =>
    Array.from({ length: Math.round(part.seconds * RATE) }, (_, n) => [
      ...Array.from({ length: channels }, (_, channel) => part.value + channel),
      part.at + n / RATE + ORIGIN_SECONDS,
    ]),
  );
  const blocks: Float32Array[] = [];
  // pieces of any length, as a pipe delivers them
  for (let from = 0; from < samples.length; from += 333) {
    blocks.push(...timeline.add(Float64Array.from(samples.slice(from, from + 333).flat())));
  }
  blocks.push(...timeline.finish());
  return { timeline, written: blocks.flatMap((block) => [...block]) };
}

/** Asserts what is written from second to second: value by value, in stretches. */
function assertWritten(
  written: readonly number[],
  stretches: readonly [value: number, seconds: number][],
): void {
  const expected = stretches.flatMap(([value, seconds]) => Array(Math.round(seconds * RATE)).fill(value));
  assert.equal(written.length, expected.length);
  const wrong = expected.findIndex((value, index) => written[index] !== value);
  assert.ok(wrong < 0, `sample ${wrong}: ${written[wrong]} in the place of ${expected[wrong]}`);
}

test('sound is at its times, with silence before, between and after', () => {
  const { timeline, written } = place([
    { at: 1, seconds: 2, value: 1 },
    { at: 4, seconds: 1, value: 2 },
  ]);
  assertWritten(written, [
    [0, 1],
    [1, 2],
    [0, 1],
    [2, 1],
    [0, 5],
  ]);
  assert.equal(timeline.silentSamples, 7 * RATE);
  assert.equal(timeline.decodedSamples, 3 * RATE);
  assert.equal(timeline.timesRepaired, false);
});

test('no more is written than planned, and nothing before the beginning', () => {
  const { timeline, written } = place([{ at: -2, seconds: 30, value: 1 }], { firstSample: 500 });
  assertWritten(written, [[1, 9.5]]);
  assert.equal(timeline.full, true);
});

test('channels stay beside each other', () => {
  const { written } = place([{ at: 0, seconds: 1, value: 1 }], { channels: 2, seconds: 1 });
  assert.equal(written.length, 2 * RATE);
  assert.ok(written.every((value, index) => value === 1 + (index % 2)));
});

test('small errors of times neither cut nor fill, however many there are', () => {
  const parts = Array.from({ length: 50 }, (_, n) => ({
    at: n * 0.1 + (n % 3) * 0.03,
    seconds: 0.1,
    value: n + 1,
  }));
  const { written } = place(parts, { seconds: 5 });
  assertWritten(
    written,
    parts.map(({ value }) => [value, 0.1]),
  );
});

test('sound without a time follows what is before it', () => {
  const { written } = place([
    { at: 1, seconds: 1, value: 1 },
    { at: Number.NaN, seconds: 1, value: 2 },
    { at: 3, seconds: 1, value: 3 },
  ]);
  assertWritten(written, [
    [0, 1],
    [1, 1],
    [2, 1],
    [3, 1],
    [0, 6],
  ]);
});

for (const [where, at] of [
  ['beyond the video', 4_000],
  ['before the video', -4_000],
  ['later', 7],
  ['earlier', 1],
] as const) {
  test(`a short stretch whose time is wrong (${where}) follows what is before it`, () => {
    const { timeline, written } = place([
      { at: 0, seconds: 3, value: 1 },
      { at, seconds: 0.3, value: 2 },
      { at: 3.3, seconds: 6.7, value: 3 },
    ]);
    assertWritten(written, [
      [1, 3],
      [2, 0.3],
      [3, 6.7],
    ]);
    assert.equal(timeline.timesRepaired, true);
  });
}

test('the very first sound with a wrong time comes before what follows it', () => {
  const { written } = place([
    { at: 900, seconds: 0.5, value: 1 },
    { at: 2, seconds: 8, value: 2 },
  ]);
  assertWritten(written, [
    [0, 1.5],
    [1, 0.5],
    [2, 8],
  ]);
});

test('the very last sound with a wrong time ends the rest', () => {
  const { written } = place([
    { at: 0, seconds: 3, value: 1 },
    { at: 900, seconds: 0.5, value: 2 },
  ]);
  assertWritten(written, [
    [1, 3],
    [2, 0.5],
    [0, 6.5],
  ]);
});

test('short stretches between pauses are at their times', () => {
  const { timeline, written } = place([
    { at: 0, seconds: 0.5, value: 1 },
    { at: 2, seconds: 0.5, value: 2 },
    { at: 5, seconds: 0.5, value: 3 },
    { at: 8, seconds: 2, value: 4 },
  ]);
  assertWritten(written, [
    [1, 0.5],
    [0, 1.5],
    [2, 0.5],
    [0, 2.5],
    [3, 0.5],
    [0, 2.5],
    [4, 2],
  ]);
  assert.equal(timeline.timesRepaired, false);
});

test('sound that comes twice is heard once', () => {
  const { written } = place([
    { at: 0, seconds: 4, value: 1 },
    { at: 2, seconds: 8, value: 2 },
  ]);
  assertWritten(written, [
    [1, 4],
    [2, 6],
  ]);
});

test('a clock that is reset, or leaves the video, goes on where it stood', () => {
  for (const at of [0, 5_000]) {
    const { timeline, written } = place(
      [
        { at: 0, seconds: 20, value: 1 },
        { at, seconds: 12, value: 2 },
        { at: at + 12, seconds: 3, value: 3 },
        { at: 35, seconds: 5, value: 4 },
      ],
      { seconds: 40 },
    );
    assertWritten(written, [
      [1, 20],
      [2, 12],
      [3, 3],
      [4, 5],
    ]);
    assert.equal(timeline.timesRepaired, true);
  }
});

test('silence of hours takes no memory', () => {
  const day = 24 * 3600;
  const options = { sampleRate: RATE, channels: 1, originSeconds: 0, firstSample: 0, endSample: day * RATE };
  const timeline = new SoundTimeline(options);
  let samples = 0;
  let longest = 0;
  for (const block of timeline.finish()) {
    samples += block.length;
    longest = Math.max(longest, block.length);
  }
  assert.deepEqual([samples, longest], [day * RATE, RATE]);
});

test('values that no encoder takes are silence', () => {
  const timeline = new SoundTimeline({
    ...{ sampleRate: RATE, channels: 1, originSeconds: 0, firstSample: 0, endSample: 4 },
  });
  const values = [0.5, Number.NaN, Number.POSITIVE_INFINITY, 1e30];
  const samples = Float64Array.from(values.flatMap((value, n) => [value, n / RATE]));
  assert.deepEqual(
    [...timeline.add(samples), ...timeline.finish()].flatMap((block) => [...block]),
    [0.5, 0, 0, 0],
  );
});

test('sound from long before the first picture is cut, and what follows stays where it is', () => {
  const { timeline, written } = place([
    { at: -14, seconds: 14, value: 1 },
    { at: 0, seconds: 10, value: 2 },
  ]);
  assertWritten(written, [[2, 10]]);
  assert.equal(timeline.timesRepaired, false);
});
