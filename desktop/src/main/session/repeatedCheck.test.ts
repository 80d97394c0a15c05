import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RepeatedCheck } from './repeatedCheck.ts';

const AGAIN_MS = 1_000;

function checkWith(results: boolean[]) {
  let asked = 0;
  const ask = async (): Promise<boolean> => {
    asked += 1;
    return results.shift() ?? true;
  };
  return { check: new RepeatedCheck(ask, AGAIN_MS), asked: () => asked };
}

test('repeats a failed check later, and a successful one not', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { check, asked } = checkWith([false, true]);
  await check.run();
  t.mock.timers.tick(AGAIN_MS - 1);
  assert.equal(asked(), 1);
  t.mock.timers.tick(1);
  await check.run();
  assert.equal(asked(), 2);
  t.mock.timers.tick(10 * AGAIN_MS);
  assert.equal(asked(), 2);
});

test('concurrent callers share one attempt', async () => {
  const { check, asked } = checkWith([true]);
  await Promise.all([check.run(), check.run()]);
  assert.equal(asked(), 1);
});

test('makes no attempt after cancel or close', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { check, asked } = checkWith([false, false]);
  await check.run();
  check.cancel();
  t.mock.timers.tick(AGAIN_MS);
  assert.equal(asked(), 1);
  void check.run();
  await check.close();
  t.mock.timers.tick(AGAIN_MS);
  assert.equal(asked(), 2);
});
