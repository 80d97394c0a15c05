import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextAttemptAfter } from './retrySchedule.ts';

const start = new Date('2026-01-01T00:00:00Z');
const HOUR_MS = 3_600_000;

function pausesMs(random: () => number): number[] {
  const pauses: number[] = [];
  for (let attempts = 1; ; attempts += 1) {
    const next = nextAttemptAfter(attempts, start, random);
    if (next === null) return pauses;
    pauses.push(next.getTime() - start.getTime());
  }
}

test('the pauses grow from seconds and end after about a day', () => {
  const pauses = pausesMs(() => 0.5);
  assert.deepEqual(
    pauses,
    pauses.toSorted((a, b) => a - b),
  );
  assert.equal(pauses[0], 5_000);
  const total = pauses.reduce((sum, pause) => sum + pause, 0);
  assert.ok(total > 22 * HOUR_MS && total < 26 * HOUR_MS, `${total / HOUR_MS} hours`);
});

test('jitter spreads deliveries that failed together', () => {
  const [early, late] = [pausesMs(() => 0), pausesMs(() => 0.999)];
  for (const [index, pause] of early.entries()) {
    const other = late[index] ?? 0;
    assert.ok(other > pause * 1.2 && other < pause * 1.3, `${pause} and ${other}`);
  }
});
