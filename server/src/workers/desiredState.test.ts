import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reconcileDesiredState } from './desiredState.ts';

const startedAt = new Date(1_000);
const wanting = (wantedState: 'drained' | 'working' | null) => ({ wantedState, startedAt });
const beat = (state: 'idle' | 'busy' | 'draining' | 'stopped') => ({ state, startedAt });

test('a worker that does not drain yet is told again, and one that does is left alone', () => {
  assert.deepEqual(reconcileDesiredState(wanting('drained'), beat('busy')), { wish: 'drained', tell: true });
  assert.deepEqual(reconcileDesiredState(wanting('drained'), beat('draining')), {
    wish: 'drained',
    tell: false,
  });
});

test('a worker that should take tasks again is told until it does', () => {
  assert.deepEqual(reconcileDesiredState(wanting('working'), beat('draining')), {
    wish: 'working',
    tell: true,
  });
  assert.deepEqual(reconcileDesiredState(wanting('working'), beat('idle')), { wish: null, tell: false });
});

test('nothing is wanted of a process that was started after, that has stopped, or that nobody knew', () => {
  const restarted = { state: 'idle', startedAt: new Date(2_000) } as const;
  assert.deepEqual(reconcileDesiredState(wanting('drained'), restarted), { wish: null, tell: false });
  assert.deepEqual(reconcileDesiredState(wanting('drained'), beat('stopped')), { wish: null, tell: false });
  assert.deepEqual(reconcileDesiredState(wanting(null), beat('draining')), { wish: null, tell: false });
  assert.deepEqual(reconcileDesiredState(null, beat('idle')), { wish: null, tell: false });
});
