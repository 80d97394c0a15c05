import assert from 'node:assert/strict';
import { test } from 'node:test';
import { estimateDrain } from './drain.ts';

const speeds = [{ kind: 'encode', units: 1000, seconds: 50 } as const];

test('an empty farm is drained and needs one worker', () => {
  assert.deepEqual(estimateDrain([], speeds, 3), { drainSeconds: 0, suggestedReplicas: 1 });
});

test('work is shared by the workers, and replicas are suggested for ten minutes', () => {
  const backlog = [{ kind: 'encode', units: 60_000 } as const];
  assert.deepEqual(estimateDrain(backlog, speeds, 2), { drainSeconds: 1500, suggestedReplicas: 5 });
});

test('nothing is foretold without a speed or without a worker', () => {
  const backlog = [{ kind: 'encode', units: 60_000 } as const];
  assert.deepEqual(estimateDrain(backlog, [], 2), { drainSeconds: null, suggestedReplicas: 2 });
  assert.equal(estimateDrain(backlog, speeds, 0).drainSeconds, null);
});
