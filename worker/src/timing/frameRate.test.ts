import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Rational } from '@reelmill/shared/contracts/media.ts';
import { decideFrameRate, isSparse, limitFrameRate } from './frameRate.ts';

/** Distances in milliseconds, as `[distance, times]`. */
function decide(gaps: [number, number][], ...declared: (Rational | null)[]) {
  const { rate, variable } = decideFrameRate({
    gaps: gaps.map(([milliseconds, times]) => ({ meanSeconds: milliseconds / 1000, times })),
    declared,
  });
  return `${rate.num}/${rate.den}${variable ? ' variable' : ''}`;
}

const rate = (num: number, den = 1): Rational => ({ num, den });

test('an even rate is the one that the container declares', () => {
  assert.equal(decide([[33.3667, 500]], rate(30_000, 1_001)), '30000/1001');
  assert.equal(decide([[41.7083, 500]], rate(24_000, 1_001)), '24000/1001');
  assert.equal(decide([[33.3556, 2]], rate(45_000, 1_501)), '45000/1501');
});

test('a coarse time base does not make a rate variable beyond its ticks', () => {
  const gaps: [number, number][] = [
    [33, 200],
    [34, 100],
  ];
  assert.match(decide(gaps, rate(30)), /^30\/1/);
  assert.match(decide(gaps, null), /^30\/1/);
});

test('a standard rate written carelessly is the standard one', () => {
  assert.equal(decide([[33.3667, 29]], rate(2997, 100)), '30000/1001');
});

test('a declared rate that the pictures contradict is ignored', () => {
  assert.equal(decide([[33.33, 29]], rate(60), rate(1000)), '30/1');
  assert.equal(decide([[40, 10]], rate(1000), null), '25/1');
});

test('dropped pictures leave the rate as it is', () => {
  assert.equal(
    decide(
      [
        [33.3, 24],
        [66.6, 3],
      ],
      rate(30),
      rate(140_000, 5_087),
    ),
    '30/1 variable',
  );
});

test('pictures without a rate get one that keeps the closest apart, at most 60', () => {
  const uneven: [number, number][] = [
    [5, 1],
    [20, 10],
    [41, 20],
    [100, 20],
    [1570, 2],
  ];
  assert.equal(decide(uneven, rate(57_600), rate(722, 100)), '50/1 variable');
  assert.equal(
    decide(
      [
        [4, 30],
        [90, 30],
      ],
      rate(57_600),
    ),
    '60/1 variable',
  );
});

test('high rates are divided, so that every n-th picture is kept', () => {
  assert.equal(decide([[1000 / 120, 100]], rate(120)), '120/2');
  assert.equal(decide([[1001 / 240, 100]], rate(240_000, 1_001)), '240000/4004');
});

test('a single picture has the declared rate if that is plausible', () => {
  assert.equal(decide([], rate(500, 21)), '500/21');
  assert.equal(decide([], rate(1000), null), '25/1');
});

test('pictures more than a second apart are slides', () => {
  assert.equal(decide([[8000, 7]], rate(1, 8)), '5/1');
  assert.equal(decide([[590_000, 40]]), '5/1');
  assert.equal(decide([], rate(1, 8)), '5/1');
  assert.equal(decide([[500, 40]], rate(2)), '2/1');
});

const limited = (full: Rational, pictures: number, seconds: number) => {
  const { num, den } = limitFrameRate(full, { pictures, seconds });
  return `${num}/${den}`;
};

test('a rate is lowered by a whole number where pictures are rare', () => {
  assert.equal(limited(rate(60), 472, 42_487), '60/12');
  assert.equal(limited(rate(30_000, 1_001), 10_000, 20_000), '30000/4004');
  assert.equal(limited(rate(24), 3, 40_000), '24/5');
});

test('films, short clips with a still ending and screen recordings keep their rate', () => {
  assert.equal(limited(rate(25), 90 * 60 * 25, 90 * 60), '25/1');
  assert.equal(limited(rate(30), 150, 80), '30/1');
  assert.equal(limited(rate(30), 10 * 60 * 30, 40 * 60), '30/1');
  assert.equal(limited(rate(60), 14 * 3600, 3600), '60/1');
});

test('frames never exceed what the pictures justify, whatever the pictures are', () => {
  for (let pictures = 1; pictures < 5_000_000; pictures *= 3) {
    for (const seconds of [0.04, 1, 90, 3600, 43_200]) {
      for (const full of [rate(60), rate(30_000, 1_001), rate(24), rate(5)]) {
        const { num, den } = limitFrameRate(full, { pictures, seconds });
        assert.ok((num / den) * seconds <= 4 * pictures + 5 * seconds + 10_000);
        assert.ok(num / den > 4.7, `${num}/${den}`);
      }
    }
  }
});

test('a stretch with long pauses is distinguished from a dense one', () => {
  const stretch = (count: number, seconds: number) =>
    isSparse({ count, firstPts: 10, lastPts: 10 + seconds }, rate(60));
  assert.equal(stretch(200, 200 / 60), false);
  assert.equal(stretch(200, 13), false);
  assert.equal(stretch(200, 200), true);
  assert.equal(isSparse({ count: 0, firstPts: null, lastPts: null }, rate(60)), true);
});
