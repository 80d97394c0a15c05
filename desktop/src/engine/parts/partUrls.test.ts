import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PartUrls } from './partUrls.ts';

function start(windowSize: number, pending: number[]) {
  const signed: number[][] = [];
  let version = 0;
  const urls = new PartUrls({
    windowSize,
    upcoming: (count) => pending.slice(0, count),
    sign: async (numbers) => {
      signed.push(numbers);
      version += 1;
      return numbers.map((part_number) => ({ part_number, url: `${part_number} v${version}` }));
    },
  });
  return { urls, signed };
}

test('signs a part together with the next ones, a window at a time', async () => {
  const { urls, signed } = start(3, [2, 3, 4, 5]);
  assert.equal(await urls.take(1), '1 v1');
  assert.equal(await urls.take(2), '2 v1');
  assert.equal(await urls.take(3), '3 v1');
  assert.deepEqual(signed, [[1, 2, 3]]);
});

test('signs a fresh URL for a retry', async () => {
  const { urls } = start(2, []);
  urls.add([{ part_number: 1, url: 'first' }]);
  assert.equal(await urls.take(1), 'first');
  assert.equal(await urls.take(1), '1 v1');
});

test('concurrent callers share one window', async () => {
  const { urls, signed } = start(4, [2, 3, 4]);
  await Promise.all([urls.take(1), urls.take(2), urls.take(3)]);
  assert.deepEqual(signed, [[1, 2, 3, 4]]);
});

test('signs all parts again after a rejected URL', async () => {
  const { urls } = start(2, [2]);
  await urls.take(1);
  urls.discard();
  assert.equal(await urls.take(2), '2 v2');
});

test('stops asking a server that does not sign a part', async () => {
  const urls = new PartUrls({ windowSize: 2, upcoming: () => [], sign: async () => [] });
  await assert.rejects(urls.take(1), { code: 'internal' });
});
