import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backoffMs } from './backoff.ts';

test('doubles with every attempt, within the upper half, up to the ceiling', () => {
  const at = (attempt: number, random: number) =>
    backoffMs(attempt, { baseMs: 100, maxMs: 1_000, random: () => random });
  assert.deepEqual(
    [at(1, 0), at(1, 1), at(2, 0), at(3, 1), at(50, 0), at(50, 1)],
    [50, 100, 100, 400, 500, 1_000],
  );
});
