import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TASK_TRANSITIONS } from './taskState.ts';
import { statesBefore } from './transitionTable.ts';

test('a finished task stays finished, unless one that failed is retried', () => {
  assert.deepEqual(TASK_TRANSITIONS.done, []);
  assert.deepEqual(TASK_TRANSITIONS.failed, ['pending']);
  assert.deepEqual(TASK_TRANSITIONS.canceled, []);
  const before = statesBefore(TASK_TRANSITIONS, 'queued');
  assert.deepEqual(before, ['pending']);
  // @ts-expect-error: the condition of an update cannot name a state that the table does not let through
  assert.equal(before.includes('done'), false);
  assert.deepEqual(statesBefore(TASK_TRANSITIONS, 'canceled'), ['pending', 'queued', 'running']);
});
