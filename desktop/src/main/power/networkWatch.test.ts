import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NetworkWatch } from './networkWatch.ts';

test('reports changes only', () => {
  const results = [true, true, false, false, true, true, false];
  const reported: boolean[] = [];
  const watch = new NetworkWatch(
    () => results.shift() ?? false,
    (online) => reported.push(online),
  );
  const seen: boolean[] = [];
  while (results.length > 0) {
    watch.check();
    seen.push(watch.isOnline);
  }
  watch.close();
  assert.deepEqual(reported, [false, true, false]);
  assert.deepEqual(seen, [true, false, false, true, true, false]);
});
