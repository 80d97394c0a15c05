import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { runForEach, runInBatches } from './bulk.ts';

const conflict = new ReelmillError('state_conflict', 'It is online.');

test('continues after a failure', async () => {
  const done: string[] = [];
  const work = async (id: string): Promise<void> => {
    if (id === 'b' || id === 'd') throw conflict;
    done.push(id);
  };
  await assert.rejects(runForEach(['a', 'b', 'c', 'd'], work), {
    code: 'state_conflict',
    message: '2 of 4: It is online.',
  });
  assert.deepEqual(done, ['a', 'c']);
});

test('throws a single failure, or an unexpected one, as it is', async () => {
  await assert.rejects(
    runForEach(['a'], () => Promise.reject(conflict)),
    conflict,
  );
  const odd = new Error('odd');
  await assert.rejects(
    runForEach(['a', 'b'], () => Promise.reject(odd)),
    odd,
  );
});

test('runs thousands in batches, in order, and yields in between', async () => {
  const ids = Array.from({ length: 1_050 }, (_, index) => String(index));
  const done: string[] = [];
  let portions = 0;
  let turns = 0;
  const count = (): void => {
    turns += 1;
    if (done.length < ids.length) setImmediate(count);
  };
  setImmediate(count);
  await runInBatches(ids, (portion) => {
    portions += 1;
    done.push(...portion);
  });
  assert.deepEqual(done, ids);
  assert.ok(portions > 1 && turns >= portions - 1, `${turns} turns in ${portions} portions`);
});

test('runs all batches after a failure', async () => {
  const ids = Array.from({ length: 300 }, (_, index) => String(index));
  let tried = 0;
  const work = (portion: readonly string[]): void => {
    tried += portion.length;
    if (portion.includes('0')) throw conflict;
  };
  await assert.rejects(runInBatches(ids, work), conflict);
  assert.equal(tried, 300);
});
