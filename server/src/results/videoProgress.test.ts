import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPlayable, progressOf, type TaskProgress } from './videoProgress.ts';

const task = (values: Partial<TaskProgress>): TaskProgress => ({
  kind: 'encode',
  weight: 100,
  opening: false,
  state: 'pending',
  unitsDone: 0,
  unitsTotal: 100,
  segmentsDone: 0,
  ...values,
});
const inspected = task({ kind: 'inspect', weight: 0, state: 'done' });

test('inspection is the first percent', () => {
  assert.equal(progressOf([task({ kind: 'inspect', weight: 0, unitsDone: 50 })]), 0.5);
  assert.equal(progressOf([inspected]), 1);
  assert.equal(progressOf([inspected, task({})]), 1);
});

test('tasks count by their weight, and the playlists are the last percent', () => {
  const half = progressOf([inspected, task({ weight: 300, state: 'done' }), task({ weight: 300 })]);
  assert.equal(half, 50);
  assert.equal(progressOf([inspected, task({ state: 'done' }), task({ kind: 'audio', state: 'done' })]), 99);
});

test('more frames than announced are not more than all', () => {
  assert.equal(progressOf([inspected, task({ unitsDone: 130 }), task({ weight: 0.0001 })]) <= 99, true);
});

test('a video can be watched once picture and sound have begun', () => {
  const picture = task({ opening: true, segmentsDone: 1 });
  const sound = task({ kind: 'audio', opening: true });
  assert.equal(isPlayable([picture]), true);
  assert.equal(isPlayable([picture, sound]), false);
  assert.equal(isPlayable([picture, { ...sound, segmentsDone: 1 }]), true);
  assert.equal(isPlayable([picture, { ...sound, state: 'done' }]), true);
  assert.equal(isPlayable([task({ segmentsDone: 3 }), sound]), false);
});
