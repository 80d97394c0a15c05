import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UploadState } from '@reelmill/shared/contracts/desktop.ts';
import { canMove, isFinished, takesSlot, UPLOAD_TRANSITIONS } from './uploadStates.ts';

const states = Object.keys(UPLOAD_TRANSITIONS) as UploadState[]; // Object.keys widens to string[]

test('everything that runs can be stopped, and whatever is not over can be canceled', () => {
  for (const state of states) {
    assert.equal(canMove(state, 'paused'), takesSlot(state) || state === 'waiting', state);
    assert.equal(canMove(state, 'canceled'), state !== 'online' && state !== 'canceled', state);
  }
});

test('only an upload that the server has whole can come online', () => {
  assert.deepEqual(
    states.filter((state) => canMove(state, 'online')),
    ['processing'],
  );
});

test('an end is an end, but what failed can be tried again', () => {
  for (const state of states.filter(isFinished)) {
    assert.equal(canMove(state, 'waiting'), state === 'failed', state);
  }
});
