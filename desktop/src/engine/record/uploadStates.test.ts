import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UploadState } from '../../contracts/desktop.ts';
import { canMove, isFinished, takesSlot, UPLOAD_TRANSITIONS } from './uploadStates.ts';

const states = Object.keys(UPLOAD_TRANSITIONS) as UploadState[]; // Object.keys widens to string[]

test('running states can be paused, and unfinished ones canceled', () => {
  for (const state of states) {
    assert.equal(canMove(state, 'paused'), takesSlot(state) || state === 'waiting', state);
    assert.equal(canMove(state, 'canceled'), state !== 'online' && state !== 'canceled', state);
  }
});

test('only a processing upload can come online', () => {
  assert.deepEqual(
    states.filter((state) => canMove(state, 'online')),
    ['processing'],
  );
});

test('final states have no transitions, but failed ones can be retried', () => {
  for (const state of states.filter(isFinished)) {
    assert.equal(canMove(state, 'waiting'), state === 'failed', state);
  }
});
