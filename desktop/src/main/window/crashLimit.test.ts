import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CrashLimit } from './crashLimit.ts';

test('distinguishes a few crashes over a day from a series within a minute', () => {
  const limit = new CrashLimit({ max: 2, withinMs: 60_000 });
  for (const hour of [1, 2, 3, 4]) assert.equal(limit.exceeded(hour * 3_600_000), false);
  const startMs = 10 * 3_600_000;
  assert.deepEqual(
    [0, 1_000, 2_000].map((ms) => limit.exceeded(startMs + ms)),
    [false, false, true],
  );
});
