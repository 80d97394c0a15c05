import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isValidPlan, missingParts, partRange, reviewParts } from './partPlan.ts';

const plan = { sizeBytes: 25, partSizeBytes: 10, partCount: 3 };

test('parts cover the file without gap or overlap', () => {
  assert.deepEqual(
    [1, 2, 3].map((number) => partRange(plan, number)),
    [
      { start: 0, length: 10 },
      { start: 10, length: 10 },
      { start: 20, length: 5 },
    ],
  );
});

test('a plan is valid when its parts add up to exactly the file', () => {
  assert.equal(isValidPlan(plan), true);
  assert.equal(isValidPlan({ ...plan, sizeBytes: 30 }), true);
  assert.equal(isValidPlan({ ...plan, sizeBytes: 31 }), false);
  assert.equal(isValidPlan({ ...plan, partCount: 4 }), false);
  assert.equal(isValidPlan({ ...plan, partSizeBytes: 0 }), false);
});

test('trusts parts of the right size and ETag, and leaves other ETags to be verified', () => {
  const listed = [
    { part_number: 1, size: 10, etag: 'a' },
    { part_number: 2, size: 10, etag: 'changed' },
    { part_number: 3, size: 4, etag: 'c' },
    { part_number: 4, size: 10, etag: 'd' },
  ];
  const review = reviewParts(plan, listed, { 1: 'a', 2: 'b', 3: 'c', 4: 'd' });
  assert.deepEqual(
    [review.trusted, review.unverified].map((parts) => parts.map((part) => part.part_number)),
    [[1], [2]],
  );
});

test('lists the parts that are not done', () => {
  assert.deepEqual(missingParts(plan, new Set([2])), [1, 3]);
});
