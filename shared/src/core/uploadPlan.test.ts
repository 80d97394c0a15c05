import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from '../contracts/limits.ts';
import { findFaultyParts, partSizeOf, planParts } from './uploadPlan.ts';

const MEBIBYTE = 1024 ** 2;

test('a small file is one part, and part sizes are 16 MiB as long as the count allows', () => {
  assert.deepEqual(planParts(1), { partSizeBytes: 16 * MEBIBYTE, partCount: 1 });
  assert.deepEqual(planParts(16 * MEBIBYTE), { partSizeBytes: 16 * MEBIBYTE, partCount: 1 });
  assert.deepEqual(planParts(16 * MEBIBYTE + 1), { partSizeBytes: 16 * MEBIBYTE, partCount: 2 });
  assert.equal(planParts(160_000 * MEBIBYTE).partCount, 10_000);
});

test('a huge file gets larger parts, never too many, and the parts add up to the file', () => {
  for (const sizeBytes of [160_000 * MEBIBYTE + 1, 512 * 1024 ** 3, 5 * 1024 ** 4, 48 * 1024 ** 4]) {
    const plan = planParts(sizeBytes);
    assert.ok(plan.partCount <= LIMITS.maxPartCount);
    assert.ok(plan.partSizeBytes <= LIMITS.maxPartSizeBytes);
    const last = partSizeOf({ ...plan, sizeBytes }, plan.partCount);
    assert.ok(last > 0);
    assert.equal((plan.partCount - 1) * plan.partSizeBytes + last, sizeBytes);
  }
});

test('nothing, and more than any store takes, cannot be planned', () => {
  assert.throws(() => planParts(0), RangeError);
  assert.throws(() => planParts(LIMITS.maxPartCount * LIMITS.maxPartSizeBytes + 1), RangeError);
});

test('missing parts and parts of the wrong size are named', () => {
  const plan = { partSizeBytes: 10, partCount: 3, sizeBytes: 25 };
  const whole = [
    { partNumber: 1, sizeBytes: 10 },
    { partNumber: 2, sizeBytes: 10 },
    { partNumber: 3, sizeBytes: 5 },
  ];
  assert.deepEqual(findFaultyParts(plan, whole), { missing: [], misfits: [] });
  assert.deepEqual(findFaultyParts(plan, whole.slice(1)).missing, [1]);
  assert.deepEqual(findFaultyParts(plan, [...whole.slice(0, 2), { partNumber: 3, sizeBytes: 10 }]).misfits, [
    { partNumber: 3, sizeBytes: 10, expectedBytes: 5 },
  ]);
});
