import assert from 'node:assert/strict';
import { test } from 'node:test';
import { estimateEtaSeconds } from './eta.ts';

test('what is left takes as long as what was done, in proportion', () => {
  const progress = { unitsDone: 250, unitsTotal: 1000, firstStartedAt: 0 };
  assert.equal(estimateEtaSeconds(progress, 10_000), 30);
});

test('when the frames are done, nobody knows how long the rest takes', () => {
  assert.equal(estimateEtaSeconds({ unitsDone: 10, unitsTotal: 10, firstStartedAt: 0 }, 10_000), null);
});

test('nothing is foretold from nothing', () => {
  assert.equal(estimateEtaSeconds(undefined, 10_000), null);
  assert.equal(estimateEtaSeconds({ unitsDone: 0, unitsTotal: 10, firstStartedAt: 0 }, 10_000), null);
  assert.equal(estimateEtaSeconds({ unitsDone: 5, unitsTotal: 10, firstStartedAt: null }, 10_000), null);
  assert.equal(estimateEtaSeconds({ unitsDone: 5, unitsTotal: 10, firstStartedAt: 9_000 }, 10_000), null);
});
