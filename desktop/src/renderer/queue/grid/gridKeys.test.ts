import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rowForKey } from './gridKeys.ts';

const SIZE = { count: 20, pageRows: 6 };

test('arrows, pages and ends lead to a row of the list, and not beyond it', () => {
  assert.equal(rowForKey('ArrowDown', -1, SIZE), 0);
  assert.equal(rowForKey('ArrowDown', 19, SIZE), 19);
  assert.equal(rowForKey('ArrowUp', 4, SIZE), 3);
  assert.equal(rowForKey('ArrowUp', -1, SIZE), 0);
  assert.equal(rowForKey('PageDown', 4, SIZE), 10);
  assert.equal(rowForKey('PageDown', 17, SIZE), 19);
  assert.equal(rowForKey('PageUp', 4, SIZE), 0);
  assert.equal(rowForKey('Home', 9, SIZE), 0);
  assert.equal(rowForKey('End', 9, SIZE), 19);
});

test('other keys and empty lists lead nowhere', () => {
  assert.equal(rowForKey('a', 3, SIZE), null);
  assert.equal(rowForKey('ArrowDown', -1, { count: 0, pageRows: 6 }), null);
});
