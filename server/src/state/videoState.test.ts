import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statesBefore } from './transitionTable.ts';
import { VIDEO_TRANSITIONS } from './videoState.ts';

test('a video is transcoded from an upload, or again after it failed, was canceled or was restored', () => {
  const before = statesBefore(VIDEO_TRANSITIONS, 'transcoding');
  assert.deepEqual(before, ['uploading', 'transcoding', 'failed', 'canceled']);
  assert.deepEqual(statesBefore(VIDEO_TRANSITIONS, 'online'), ['transcoding']);
  assert.deepEqual(VIDEO_TRANSITIONS.online, []);
});
