import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NetworkWatch } from './networkWatch.ts';

test('only a network that was gone comes back', () => {
  const states = [true, true, false, false, true, true, false, true];
  let back = 0;
  const watch = new NetworkWatch(
    () => states.shift() ?? true,
    () => {
      back += 1;
    },
  );
  const seen = Array.from({ length: 7 }, () => {
    watch.look();
    return back;
  });
  watch.close();
  assert.deepEqual(seen, [0, 0, 0, 1, 1, 1, 2]);
});
