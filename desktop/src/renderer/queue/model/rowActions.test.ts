import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { makeUploadSnapshot } from '../../../../../test/support/uploadSnapshot.ts';
import type { UploadFailure, UploadSnapshot, VideoProgress } from '../../../contracts/desktop.ts';
import { actionsFor } from './rowActions.ts';

const row = (facts: Partial<UploadSnapshot>): UploadSnapshot =>
  makeUploadSnapshot('a', { videoId: 7, ...facts });

function failed(failure: Partial<UploadFailure>): UploadSnapshot {
  const whole = { stage: 'upload', code: 'internal', message: 'No.', duplicateOf: null, ...failure } as const;
  return row({ state: 'failed', failure: whole });
}

const VIDEO: VideoProgress = {
  status: 'transcoding',
  phase: 'encoding',
  progress: 40,
  etaSeconds: 60,
  playable: false,
  waitingFor: null,
  watchUrl: 'http://127.0.0.1/watch/7',
};

describe('the actions of a row', () => {
  test('sending can be paused and canceled, a paused upload resumed', () => {
    assert.deepEqual(actionsFor(row({ state: 'uploading' })).buttons, ['pause', 'cancel']);
    assert.deepEqual(actionsFor(row({ state: 'waiting' })).buttons, ['pause', 'cancel']);
    assert.deepEqual(actionsFor(row({ state: 'paused' })).buttons, ['resume', 'cancel']);
  });

  test('a video can be watched as soon as its beginning can be played', () => {
    assert.deepEqual(actionsFor(row({ state: 'processing', video: VIDEO })).buttons, ['cancel']);
    const playable = { ...VIDEO, playable: true };
    assert.deepEqual(actionsFor(row({ state: 'processing', video: playable })).buttons, ['watch', 'cancel']);
    const online = { ...VIDEO, status: 'online', playable: true } as const;
    assert.deepEqual(actionsFor(row({ state: 'online', video: online })).buttons, ['watch', 'remove']);
  });

  test('a duplicate can be shown or uploaded anyway, but not retried', () => {
    const duplicate = failed({ code: 'duplicate', duplicateOf: { videoId: 3, title: 'Holidays' } });
    assert.deepEqual(actionsFor(duplicate).fixes, ['showExisting', 'uploadAnyway']);
    assert.equal(actionsFor(duplicate).menu.includes('retry'), false);
  });

  test('each failure has the action that fits', () => {
    assert.deepEqual(actionsFor(failed({ code: 'file_unreadable' })).fixes, ['locate', 'retry']);
    assert.deepEqual(actionsFor(failed({ code: 'file_changed' })).fixes, ['uploadAnew', 'locate']);
    assert.deepEqual(actionsFor(failed({ code: 'network' })).fixes, ['retry']);
    assert.deepEqual(actionsFor(failed({ stage: 'transcode', code: 'undecodable' })).fixes, ['retry']);
    assert.deepEqual(actionsFor(failed({ stage: 'follow', code: 'network' })).fixes, ['checkAgain']);
    assert.deepEqual(actionsFor(failed({ code: 'unsupported_file' })).fixes, []);
  });

  test('only uploads that are still to be sent can be moved', () => {
    assert.ok(actionsFor(row({ state: 'waiting' })).menu.includes('moveToTop'));
    assert.equal(actionsFor(row({ state: 'online' })).menu.includes('moveUp'), false);
    assert.equal(actionsFor(row({ state: 'processing' })).menu.includes('moveDown'), false);
  });

  test('the menu has everything that is offered elsewhere, and each action once', () => {
    const { buttons, fixes, menu } = actionsFor(failed({ code: 'file_unreadable' }));
    for (const action of [...buttons, ...fixes]) assert.ok(menu.includes(action), action);
    assert.equal(new Set(menu).size, menu.length);
    assert.equal(menu.at(-1), 'remove');
  });
});
