import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeFarm, makeWorker } from '../../../test/support/farmFacts.ts';
import { countWaiting, countWorkers, sumSpeed } from './farmFigures.ts';

const encoding = (speed: number | null) =>
  ({ task_id: 1, video_id: 1, kind: 'encode', progress: 10, speed }) as const;

test('only workers that take tasks are counted', () => {
  const workers = [
    makeWorker('a', { state: 'busy', task: encoding(2) }),
    makeWorker('b'),
    makeWorker('c', { state: 'draining', task: encoding(1) }),
    makeWorker('d', { state: 'lost' }),
    makeWorker('e', { state: 'stopped' }),
  ];
  assert.deepEqual(countWorkers(workers), { working: 2, busy: 1 });
});

test('the speed is that of all workers that know theirs', () => {
  const workers = [encoding(2.5), encoding(null), encoding(1.5)].map((task, index) =>
    makeWorker(String(index), { state: 'busy', task }),
  );
  assert.equal(sumSpeed(workers), 4);
  assert.equal(sumSpeed([makeWorker('a', { task: encoding(null) })]), null);
});

test('what waits is not yet with a worker', () => {
  const tasks = { pending: 3, queued: 4, running: 5, done: 100, failed: 1, canceled: 2 };
  assert.equal(countWaiting(makeFarm({ tasks })), 7);
});
