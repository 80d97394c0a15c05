import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NetworkWatch } from './networkWatch.ts';

test('only changes are told, not how things are anyway', () => {
  const answers = [true, true, false, false, true, true, false];
  const told: boolean[] = [];
  const watch = new NetworkWatch(
    () => answers.shift() ?? false,
    (online) => told.push(online),
  );
  const seen: boolean[] = [];
  while (answers.length > 0) {
    watch.check();
    seen.push(watch.isOnline);
  }
  watch.close();
  assert.deepEqual(told, [false, true, false]);
  assert.deepEqual(seen, [true, false, false, true, true, false]);
});
