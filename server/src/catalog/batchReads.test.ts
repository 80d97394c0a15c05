import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { batchReads } from './batchReads.ts';

test('what is asked for at once is read together, and each gets its own', async () => {
  const reads: (readonly number[])[] = [];
  const read = batchReads(async (ids: readonly number[]) => {
    reads.push(ids);
    return new Map(ids.filter((id) => id !== 3).map((id) => [id, `video ${id}`]));
  }, Number);
  assert.deepEqual(await Promise.all([read(1), read(2), read(1), read(3)]), [
    'video 1',
    'video 2',
    'video 1',
    undefined,
  ]);
  assert.deepEqual(reads, [[1, 2, 3]]);
});

test('a call during a read gets a read of its own', async () => {
  const titles = ['old', 'new'];
  const under = Promise.withResolvers<void>();
  const read = batchReads(async (ids: readonly number[]) => {
    const title = titles.shift();
    await under.promise;
    return new Map(ids.map((id) => [id, title]));
  }, Number);
  const first = read(1);
  await setImmediate();
  const second = read(1);
  await setImmediate();
  under.resolve();
  assert.deepEqual(await Promise.all([first, second]), ['old', 'new']);
});

test('no read is larger than a query should be', async () => {
  const sizes: number[] = [];
  const read = batchReads(async (ids: readonly number[]) => {
    sizes.push(ids.length);
    return new Map(ids.map((id) => [id, id]));
  }, Number);
  const ids = Array.from({ length: 450 }, (_, index) => index);
  assert.deepEqual(await Promise.all(ids.map(read)), ids);
  assert.deepEqual(sizes, [200, 200, 50]);
});

test('a read that fails fails for all who asked, and for nobody after', async () => {
  let down = true;
  const read = batchReads(async (ids: readonly number[]) => {
    if (down) throw new Error('the database is down');
    return new Map(ids.map((id) => [id, id]));
  }, Number);
  const outcomes = await Promise.allSettled([read(1), read(2)]);
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  down = false;
  assert.equal(await read(1), 1);
});

test('however many ask for the same, it is read once', async () => {
  let reads = 0;
  const read = batchReads(async (ids: readonly number[]) => {
    reads += 1;
    return new Map(ids.map((id) => [id, id]));
  }, Number);
  const found = await Promise.all(Array.from({ length: 1_000 }, () => read(7)));
  assert.deepEqual([new Set(found), reads], [new Set([7]), 1]);
});
