import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addCount, type DoneCount, measureThroughput } from './throughput.ts';

const MINUTE = 60_000;
const collect = (...counts: Array<[at: number, done: number]>) =>
  counts.reduce<readonly DoneCount[]>((all, [at, done]) => addCount(all, { at, done }), []);

test('the throughput is what was finished while somebody looked on', () => {
  const counts = collect([0, 100], [MINUTE, 106], [2 * MINUTE, 108]);
  assert.deepEqual(measureThroughput(counts), { tasks: 8, seconds: 120, perMinute: 4 });
});

test('nothing is said of a moment', () => {
  assert.equal(measureThroughput([]), null);
  assert.equal(measureThroughput(collect([0, 5], [29_000, 50])), null);
  assert.deepEqual(measureThroughput(collect([0, 5], [30_000, 5])), { tasks: 0, seconds: 30, perMinute: 0 });
});

test('what is long ago does not count, and a deleted video begins it anew', () => {
  const long = collect([0, 0], [5 * MINUTE, 1_000], [12 * MINUTE, 1_070]);
  assert.deepEqual(measureThroughput(long), { tasks: 70, seconds: 420, perMinute: 10 });
  assert.deepEqual(collect([0, 50], [MINUTE, 60], [2 * MINUTE, 40]), [{ at: 2 * MINUTE, done: 40 }]);
});
