import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../../../test/support/manualClock.ts';
import { Watchdog } from './watchdog.ts';

test('aborts after the allowed silence, not before', async () => {
  const clock = new ManualClock();
  const watchdog = new Watchdog(clock, 1_000);
  await clock.advance(900);
  watchdog.feed();
  await clock.advance(900);
  assert.equal(watchdog.hasFired, false);
  await clock.advance(100);
  assert.equal(watchdog.hasFired, true);
  assert.equal(watchdog.signal.aborted, true);
});

test('waiting for the rate limit does not count as silence', async () => {
  const clock = new ManualClock();
  const watchdog = new Watchdog(clock, 1_000);
  const waiting = watchdog.pauseFor(clock.sleep(5_000, new AbortController().signal));
  await clock.advance(5_000);
  await waiting;
  assert.equal(watchdog.hasFired, false);
  await clock.advance(2_000);
  assert.equal(watchdog.hasFired, true);
});

test('the allowed silence can be changed', async () => {
  const clock = new ManualClock();
  const watchdog = new Watchdog(clock, 1_000);
  watchdog.setSilence(4_000);
  await clock.advance(3_900);
  assert.equal(watchdog.hasFired, false);
  await clock.advance(200);
  assert.equal(watchdog.hasFired, true);
});

test('leaves no timer when stopped', () => {
  const clock = new ManualClock();
  new Watchdog(clock, 1_000).stop();
  assert.equal(clock.nextMs, null);
});
