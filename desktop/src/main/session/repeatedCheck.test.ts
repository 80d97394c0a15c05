import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RepeatedCheck } from './repeatedCheck.ts';

const AGAIN_MS = 1_000;

function checkWith(answers: boolean[]) {
  let asked = 0;
  const ask = async (): Promise<boolean> => {
    asked += 1;
    return answers.shift() ?? true;
  };
  return { check: new RepeatedCheck(ask, AGAIN_MS), asked: () => asked };
}

test('what was not answered is asked again later, and what was is not', async (t) => {
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

test('who asks meanwhile waits for the same try', async () => {
  const { check, asked } = checkWith([true]);
  await Promise.all([check.run(), check.run()]);
  assert.equal(asked(), 1);
});

test('there is no later try once it is canceled or closed', async (t) => {
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
