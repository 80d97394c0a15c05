import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRange } from './byteRange.ts';

test('ranges are cut to the object', () => {
  assert.deepEqual(parseRange('bytes=0-0', 10), { first: 0, last: 0 });
  assert.deepEqual(parseRange('bytes=2-', 10), { first: 2, last: 9 });
  assert.deepEqual(parseRange('bytes=2-99', 10), { first: 2, last: 9 });
  assert.deepEqual(parseRange('bytes=-3', 10), { first: 7, last: 9 });
  assert.deepEqual(parseRange('bytes=-99', 10), { first: 0, last: 9 });
});

test('a range beyond the end cannot be satisfied', () => {
  assert.equal(parseRange('bytes=10-', 10), 'unsatisfiable');
  assert.equal(parseRange('bytes=0-', 0), 'unsatisfiable');
  assert.equal(parseRange('bytes=-0', 10), 'unsatisfiable');
  assert.equal(parseRange('bytes=-1', 0), 'unsatisfiable');
});

test('what is no single range of bytes asks for everything', () => {
  for (const header of [undefined, '', 'bytes=-', 'bytes=5-2', 'bytes=a-b', 'bytes=0-1,4-5', 'items=0-1'])
    assert.equal(parseRange(header, 10), 'whole', header);
});
