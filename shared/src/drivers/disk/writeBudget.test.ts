import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { WriteBudget } from './writeBudget.ts';

test('holds no more bytes than the budget, and serves receivers in the order they came', async () => {
  const budget = new WriteBudget(10);
  const shares = [budget.open(), budget.open(), budget.open()] as const;
  const order: string[] = [];
  const take = (index: 0 | 1 | 2, bytes: number) =>
    shares[index].take(bytes).then(() => order.push(`${index}:${bytes}`));
  await take(0, 8);
  const waiting = [take(1, 6), take(2, 1)];
  await turn();
  assert.deepEqual(order, ['0:8']);
  shares[0].release(3);
  await turn();
  assert.deepEqual(order, ['0:8'], 'the small one does not overtake');
  shares[0].release(1);
  await waiting[0];
  shares[1].release(1);
  await waiting[1];
  assert.deepEqual(order, ['0:8', '1:6', '2:1']);
});

test('releases everything of a receiver that ended, also what it was still waiting for', async () => {
  const budget = new WriteBudget(10);
  const [first, second] = [budget.open(), budget.open()];
  await first.take(10);
  const late = second.take(5);
  second.close();
  first.close();
  await late;
  await budget.open().take(10);
});

test('a piece larger than the budget gets all of it', async () => {
  const budget = new WriteBudget(10);
  const share = budget.open();
  await share.take(100);
  const other = budget.open().take(1);
  share.release(100);
  await other;
});
