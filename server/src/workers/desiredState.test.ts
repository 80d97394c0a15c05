import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reconcileDesiredState } from './desiredState.ts';

const startedAt = new Date(1_000);
const wanting = (wantedState: 'drained' | 'working' | null) => ({ wantedState, startedAt });
const heartbeat = (state: 'idle' | 'busy' | 'draining' | 'stopped') => ({ state, startedAt });

test('a worker that does not drain yet is sent it again, and one that does is left alone', () => {
  assert.deepEqual(reconcileDesiredState(wanting('drained'), heartbeat('busy')), {
    desired: 'drained',
    send: true,
  });
  assert.deepEqual(reconcileDesiredState(wanting('drained'), heartbeat('draining')), {
    desired: 'drained',
    send: false,
  });
});

test('a worker that should take tasks again is sent it until it does', () => {
  assert.deepEqual(reconcileDesiredState(wanting('working'), heartbeat('draining')), {
    desired: 'working',
    send: true,
  });
  assert.deepEqual(reconcileDesiredState(wanting('working'), heartbeat('idle')), {
    desired: null,
    send: false,
  });
});

test('nothing is wanted of a process that was started after, that has stopped, or that nobody knew', () => {
  const restarted = { state: 'idle', startedAt: new Date(2_000) } as const;
  assert.deepEqual(reconcileDesiredState(wanting('drained'), restarted), { desired: null, send: false });
  assert.deepEqual(reconcileDesiredState(wanting('drained'), heartbeat('stopped')), {
    desired: null,
    send: false,
  });
  assert.deepEqual(reconcileDesiredState(wanting(null), heartbeat('draining')), {
    desired: null,
    send: false,
  });
  assert.deepEqual(reconcileDesiredState(null, heartbeat('idle')), { desired: null, send: false });
});
