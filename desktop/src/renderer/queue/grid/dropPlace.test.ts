import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dropPlaceAt } from './dropPlace.ts';

const row = (index: number) => ({ index, start: index * 72, end: index * 72 + 72 });

test('a row is put before the one in whose upper half the pointer is, and behind it otherwise', () => {
  assert.deepEqual(dropPlaceAt(5 * 72 + 10, row(5), 9), { index: 5, lineAt: 360 });
  assert.deepEqual(dropPlaceAt(5 * 72 + 60, row(5), 9), { index: 6, lineAt: 432 });
});

test('downwards the rows below move up by the one that is taken out', () => {
  assert.deepEqual(dropPlaceAt(5 * 72 + 10, row(5), 2), { index: 4, lineAt: 360 });
  assert.deepEqual(dropPlaceAt(5 * 72 + 60, row(5), 2), { index: 5, lineAt: 432 });
});

test('both gaps beside the row itself leave it where it is', () => {
  assert.equal(dropPlaceAt(3 * 72 + 10, row(3), 3).index, 3);
  assert.equal(dropPlaceAt(3 * 72 + 60, row(3), 3).index, 3);
});
