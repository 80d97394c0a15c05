import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '@reelmill/shared/contracts/errors.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { ManualClock } from '../../../../test/support/manualClock.ts';
import { PATIENT_RETRY, Retrier, type RetryNotice } from './retry.ts';

const POLICY = { attempts: 4, baseMs: 100, maxMs: 1_000, maxRetryAfterMs: 60_000 };
const signal = new AbortController().signal;

function start(failures: ReelmillError[]) {
  const clock = new ManualClock();
  const notices: RetryNotice[] = [];
  let recoveries = 0;
  const retrier = new Retrier(clock, POLICY, {
    onRetry: (notice) => notices.push(notice),
    onRecovery: () => {
      recoveries += 1;
    },
  });
  let calls = 0;
  const result = retrier.run('call', signal, async () => {
    calls += 1;
    const failure = failures.shift();
    if (failure !== undefined) throw failure;
    return calls;
  });
  return { clock, notices, result, recoveries: () => recoveries };
}

const fail = (code: ErrorCode, options?: { retryAfterSeconds?: number; retryable?: boolean }) =>
  new ReelmillError(code, code, options);

test('retries transient errors with growing delays', async () => {
  const { clock, notices, result, recoveries } = start([
    fail('network'),
    fail('timeout'),
    fail('unavailable'),
  ]);
  await clock.advance(10_000);
  assert.equal(await result, 4);
  assert.equal(recoveries(), 1);
  const [first, second, third] = notices.map(({ waitMs }) => waitMs);
  assert.ok(first && first >= 50 && first <= 100, `${first}`);
  assert.ok(second && second >= 100 && second <= 200, `${second}`);
  assert.ok(third && third >= 200 && third <= 400, `${third}`);
});

test('throws the error of the last attempt', async () => {
  const failures = Array.from({ length: 9 }, () => fail('network'));
  const { clock, notices, result } = start(failures);
  const rejected = assert.rejects(result, { code: 'network' });
  await clock.advance(60_000);
  await rejected;
  assert.equal(notices.length, POLICY.attempts - 1);
});

test('retries network errors forever in a long-running program, at least every 45 seconds', async () => {
  const clock = new ManualClock();
  const notices: RetryNotice[] = [];
  const retrier = new Retrier(clock, PATIENT_RETRY, { onRetry: (notice) => notices.push(notice) });
  let isUp = false;
  const result = retrier.run('call', signal, async () => {
    if (!isUp) throw fail('network');
    return 'up';
  });
  await clock.advance(3_600_000);
  assert.ok(notices.length > 60, `${notices.length}`);
  assert.ok(notices.every(({ waitMs }) => waitMs <= 45_000));
  isUp = true;
  await clock.advance(45_000);
  assert.equal(await result, 'up');
});

test('limits the retries of a server error', async () => {
  const clock = new ManualClock();
  const retrier = new Retrier(clock, PATIENT_RETRY, { onRetry: () => undefined });
  const rejected = assert.rejects(
    retrier.run('call', signal, async () => {
      throw fail('internal');
    }),
    { code: 'internal' },
  );
  await clock.advance(3_600_000);
  await rejected;
});

test('retryNow makes the next attempt at once', async () => {
  const clock = new ManualClock();
  const waits: number[] = [];
  const retrier = new Retrier(clock, PATIENT_RETRY, { onRetry: ({ waitMs }) => waits.push(waitMs) });
  const failures = [fail('rate_limited', { retryAfterSeconds: 200 })];
  const result = retrier.run('call', signal, async () => {
    const failure = failures.shift();
    if (failure !== undefined) throw failure;
    return 'done';
  });
  await clock.advance(1_000);
  assert.deepEqual(waits, [200_000]);
  retrier.retryNow();
  assert.equal(await result, 'done');
});

test('throws final errors at once', async () => {
  const { result, notices } = start([fail('not_found')]);
  await assert.rejects(result, { code: 'not_found' });
  assert.equal(notices.length, 0);
});

test('honours Retry-After up to a limit', async () => {
  const { clock, notices, result } = start([
    fail('rate_limited', { retryAfterSeconds: 7 }),
    fail('unavailable', { retryAfterSeconds: 86_400 }),
  ]);
  await clock.advance(120_000);
  assert.equal(await result, 3);
  assert.deepEqual(
    notices.map(({ waitMs }) => waitMs),
    [7_000, 60_000],
  );
});

test('retries a rejected signature at once the first time only', async () => {
  const refused = () => fail('signature_invalid', { retryable: true });
  const { clock, notices, result } = start([refused(), refused()]);
  await clock.advance(10_000);
  await result;
  assert.equal(notices[0]?.waitMs, 0);
  assert.ok((notices[1]?.waitMs ?? 0) >= 100);
});

test('stops waiting when aborted', async () => {
  const controller = new AbortController();
  const retrier = new Retrier(new ManualClock(), POLICY, { onRetry: () => controller.abort() });
  await assert.rejects(
    retrier.run('call', controller.signal, async () => {
      throw fail('network');
    }),
    { code: 'aborted' },
  );
});
