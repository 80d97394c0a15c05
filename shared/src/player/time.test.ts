import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatTime, splitTime } from './time.ts';

test('times are as short as they can be', () => {
  assert.equal(formatTime(3.9), '0:03');
  assert.equal(formatTime(123), '2:03');
  assert.equal(formatTime(3723), '1:02:03');
  assert.equal(formatTime(Number.NaN), '0:00');
});

test('a time is split into its units', () => {
  assert.deepEqual(splitTime(7325.9), { hours: 2, minutes: 2, rest: 5 });
  assert.deepEqual(splitTime(-1), { hours: 0, minutes: 0, rest: 0 });
  assert.deepEqual(splitTime(Number.POSITIVE_INFINITY), { hours: 0, minutes: 0, rest: 0 });
});
