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

test('parts are signed a window at a time, those that come next with the one that is asked for', async () => {
  const { urls, signed } = start(3, [2, 3, 4, 5]);
  assert.equal(await urls.take(1), '1 v1');
  assert.equal(await urls.take(2), '2 v1');
  assert.equal(await urls.take(3), '3 v1');
  assert.deepEqual(signed, [[1, 2, 3]]);
});

test('a second try gets a fresh URL', async () => {
  const { urls } = start(2, []);
  urls.add([{ part_number: 1, url: 'first' }]);
  assert.equal(await urls.take(1), 'first');
  assert.equal(await urls.take(1), '1 v1');
});

test('those who ask at the same time share one window', async () => {
  const { urls, signed } = start(4, [2, 3, 4]);
  await Promise.all([urls.take(1), urls.take(2), urls.take(3)]);
  assert.deepEqual(signed, [[1, 2, 3, 4]]);
});

test('after a refusal all are signed again', async () => {
  const { urls } = start(2, [2]);
  await urls.take(1);
  urls.discard();
  assert.equal(await urls.take(2), '2 v2');
});

test('a server that does not sign a part is not asked for ever', async () => {
  const urls = new PartUrls({ windowSize: 2, upcoming: () => [], sign: async () => [] });
  await assert.rejects(urls.take(1), { code: 'internal' });
});
