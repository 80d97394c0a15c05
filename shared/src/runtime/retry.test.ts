import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retry } from './retry.ts';

const QUICK = { baseMs: 1, maxMs: 2 };
const ENDLESS = { baseMs: 3_600_000, maxMs: 3_600_000 };

/** Fails with 1, 2, … until `succeedsAt`. */
function failing(succeedsAt: number): { run: () => Promise<string>; calls: () => number } {
  let calls = 0;
  const run = async (): Promise<string> => {
    calls += 1;
    if (calls < succeedsAt) throw new Error(`failure ${calls}`);
    return `success ${calls}`;
  };
  return { run, calls: () => calls };
}

test('returns the result of the first attempt that succeeds', async () => {
  const attempts: number[] = [];
  const shouldRetry = (_error: unknown, attempt: number): boolean => attempts.push(attempt) > 0;
  assert.equal(await retry(failing(4).run, { shouldRetry, backoff: QUICK }), 'success 4');
  assert.deepEqual(attempts, [1, 2, 3]);
  assert.equal(await retry(failing(2).run, { shouldRetry: () => true }), 'success 2');
});

test('throws the error of an attempt that is not retried', async () => {
  const { run, calls } = failing(9);
  await assert.rejects(retry(run, { shouldRetry: (_error, attempt) => attempt < 3 }), /failure 3/);
  assert.equal(calls(), 3);
});

test('an abort ends a wait', async () => {
  const aborting = new AbortController();
  const { run, calls } = failing(9);
  const retried = retry(run, { shouldRetry: () => true, backoff: ENDLESS, signal: aborting.signal });
  aborting.abort(new Error('stopped'));
  await assert.rejects(retried, { name: 'AbortError' });
  assert.equal(calls(), 1);
});

test('makes one attempt where everything is aborted already, and throws its error where that is final', async () => {
  const signal = AbortSignal.abort(new Error('stopped'));
  assert.equal(await retry(failing(1).run, { shouldRetry: () => true, backoff: QUICK, signal }), 'success 1');
  const { run, calls } = failing(9);
  const retried = retry(run, { shouldRetry: () => true, backoff: ENDLESS, signal });
  await assert.rejects(retried, { name: 'AbortError' });
  assert.equal(calls(), 1);
  await assert.rejects(retry(run, { shouldRetry: () => false, signal }), /failure 2/);
});
