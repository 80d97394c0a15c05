import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../../../test/support/manualClock.ts';
import { RateLimiter } from './rateLimiter.ts';

const { signal } = new AbortController();

/** Sends as much as the limiter grants until `stopAtMs`. */
async function send(clock: ManualClock, limiter: RateLimiter, stopAtMs: number): Promise<number> {
  let sent = 0;
  while (clock.now() < stopAtMs) sent += await limiter.take(1_000_000, signal);
  return sent;
}

test('limits several senders together', async () => {
  const clock = new ManualClock();
  const limiter = new RateLimiter(clock, 200_000);
  const senders = [1, 2, 3].map(() => send(clock, limiter, 10_000));
  await clock.advance(11_000);
  const total = (await Promise.all(senders)).reduce((sum, sent) => sum + sent, 0);
  // each may hold one slice of a tenth of a second beyond the end
  assert.ok(total >= 2_000_000 && total <= 2_000_000 + 4 * 20_000, `${total}`);
});

test('applies a new limit at once', async () => {
  const clock = new ManualClock();
  const limiter = new RateLimiter(clock, 100_000);
  const sender = send(clock, limiter, 10_000);
  await clock.advance(5_000);
  limiter.setRate(300_000);
  await clock.advance(6_000);
  const sent = await sender;
  assert.ok(sent >= 1_950_000 && sent <= 2_100_000, `${sent}`);
});

test('grants everything without a limit', async () => {
  const limiter = new RateLimiter(new ManualClock());
  assert.equal(await limiter.take(123_456, signal), 123_456);
});

test('grants at least one byte at the lowest limit', async () => {
  const limiter = new RateLimiter(new ManualClock(), 1);
  assert.equal(await limiter.take(10, signal), 10);
});
