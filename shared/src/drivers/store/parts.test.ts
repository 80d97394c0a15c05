import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { assertPartNumber, assertSameParts, joinEtags } from './parts.ts';

const md5 = (text: string) => createHash('md5').update(text).digest('hex');
const part = (partNumber: number, text: string) => ({ partNumber, sizeBytes: text.length, etag: md5(text) });

test('the joined ETag is the MD5 of the binary MD5s in order, with their count', () => {
  const expected = createHash('md5')
    .update(Buffer.from(md5('one') + md5('two'), 'hex'))
    .digest('hex');
  assert.equal(joinEtags([part(2, 'two'), part(1, 'one')]), `${expected}-2`);
});

test('exactly the parts that are held can be joined, in any order', () => {
  assertSameParts([part(2, 'two'), part(1, 'one')], [part(1, 'one'), part(2, 'two')]);
});

test('a difference between wanted and held parts is named', () => {
  const held = [part(1, 'one'), part(2, 'two')];
  assert.throws(() => assertSameParts([], held), { code: 'upload_incomplete' });
  assert.throws(() => assertSameParts([part(1, 'one')], held), {
    code: 'upload_incomplete',
    details: { part_number: 2 },
  });
  assert.throws(() => assertSameParts([...held, part(3, 'x')], held), { details: { part_number: 3 } });
  assert.throws(() => assertSameParts([part(1, 'one'), part(1, 'one')], held), { code: 'upload_incomplete' });
  assert.throws(() => assertSameParts([part(1, 'one'), part(2, 'owt')], held), { code: 'upload_incomplete' });
  assert.throws(() => assertSameParts([part(1, 'one'), part(2, 'twoo')], held), { code: 'size_mismatch' });
});

test('a part number is between 1 and 10,000', () => {
  assertPartNumber(1);
  assertPartNumber(10_000);
  for (const number of [0, -1, 1.5, 10_001, Number.NaN])
    assert.throws(() => assertPartNumber(number), { code: 'validation_failed' });
});
