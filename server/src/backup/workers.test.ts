import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachOf } from './workers.ts';

test('so many items are worked on at a time, and every one once', async () => {
  const done: number[] = [];
  let running = 0;
  let most = 0;
  await forEachOf([1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    done.push(item);
  });
  assert.equal(most, 3);
  assert.deepEqual(done.sort(), [1, 2, 3, 4, 5, 6, 7]);
});

test('after a failure nothing new is begun, and what runs is waited for', async () => {
  const begun: number[] = [];
  let running = 0;
  const work = forEachOf([1, 2, 3, 4, 5, 6], 2, async (item) => {
    begun.push(item);
    running += 1;
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    if (item === 2) throw new Error('two');
  });
  await assert.rejects(work, /two/);
  assert.equal(running, 0);
  assert.ok(begun.length < 6, String(begun));
});
