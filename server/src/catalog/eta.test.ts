import assert from 'node:assert/strict';
import { test } from 'node:test';
import { estimateEtaSeconds } from './eta.ts';

test('extrapolates the remaining time from the time so far', () => {
  const progress = { unitsDone: 250, unitsTotal: 1000, firstStartedAt: 0 };
  assert.equal(estimateEtaSeconds(progress, 10_000), 30);
});

test('estimates nothing once all frames are encoded', () => {
  assert.equal(estimateEtaSeconds({ unitsDone: 10, unitsTotal: 10, firstStartedAt: 0 }, 10_000), null);
});

test('estimates nothing without progress', () => {
  assert.equal(estimateEtaSeconds(undefined, 10_000), null);
  assert.equal(estimateEtaSeconds({ unitsDone: 0, unitsTotal: 10, firstStartedAt: 0 }, 10_000), null);
  assert.equal(estimateEtaSeconds({ unitsDone: 5, unitsTotal: 10, firstStartedAt: null }, 10_000), null);
  assert.equal(estimateEtaSeconds({ unitsDone: 5, unitsTotal: 10, firstStartedAt: 9_000 }, 10_000), null);
});
