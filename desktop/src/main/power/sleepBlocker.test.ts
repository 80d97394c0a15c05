import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SleepBlocker } from './sleepBlocker.ts';

test('keeps the machine awake while something is uploaded', () => {
  const done: string[] = [];
  let lastId = 0;
  const blocker = new SleepBlocker({
    start: (type) => {
      lastId += 1;
      done.push(`${type} ${lastId}`);
      return lastId;
    },
    stop: (id) => done.push(`stop ${id}`),
  });
  for (const uploading of [false, true, true, false, false, true]) blocker.update(uploading);
  assert.deepEqual(done, ['prevent-app-suspension 1', 'stop 1', 'prevent-app-suspension 2']);
});
