import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import i18next from 'i18next';
import { makeUploadSnapshot } from '../../../../../test/support/uploadSnapshot.ts';
import type { UploadFailure, UploadSnapshot, VideoProgress } from '../../../contracts/desktop.ts';
import { RESOURCES } from '../../../i18n/resources.ts';
import { formatsOf } from '../../format/format.ts';
import {
  formatFailure,
  formatObstacle,
  formatRow,
  formatState,
  progressOf,
  type QueueText,
} from './formatRow.ts';

const MB = 1024 ** 2;
const english = formatsOf('en');

const row = (facts: Partial<UploadSnapshot>): UploadSnapshot =>
  makeUploadSnapshot('a', { videoId: 7, sizeBytes: 400 * MB, ...facts });

function video(facts: Partial<VideoProgress>): VideoProgress {
  const watchUrl = 'http://127.0.0.1/watch/7';
  return {
    status: 'transcoding',
    phase: 'encoding',
    progress: 0,
    etaSeconds: null,
    playable: false,
    waitingFor: null,
    watchUrl,
    ...facts,
  };
}

function failure(facts: Partial<UploadFailure>): UploadFailure {
  return { stage: 'upload', code: 'internal', message: 'No.', duplicateOf: null, ...facts };
}

describe('the texts of a row', () => {
  let t: QueueText;
  let chinese: QueueText;

  before(async () => {
    await i18next.init({ resources: RESOURCES, lng: 'en', interpolation: { escapeValue: false } });
    t = i18next.getFixedT('en', 'queue');
    chinese = i18next.getFixedT('zh-CN', 'queue');
  });

  test('shows sizes, speed, time and kept bytes of an upload', () => {
    const sending = {
      state: 'uploading',
      sentBytes: 100 * MB,
      bytesPerSecond: 5 * MB,
      etaSeconds: 60,
    } as const;
    const text = formatRow(row({ ...sending, keptBytes: 40 * MB }), t, english);
    assert.equal(text, '100 MB of 400 MB · 5.0 MB/s · 1 min left · 40.0 MB already uploaded');
    assert.equal(
      formatRow(row(sending), chinese, formatsOf('zh-CN')),
      '100 MB / 400 MB · 5.0 MB/s · 剩余 1 分钟',
    );
  });

  test('shows phase, percentage and time of a transcode, and that it is playable', () => {
    const encoding = video({ progress: 42.7, etaSeconds: 180, playable: true });
    const text = formatRow(row({ state: 'processing', video: encoding }), t, english);
    assert.equal(text, 'Encoding 42% · 3 min left · You can already watch the beginning');
    const queued = formatRow(row({ state: 'processing', video: video({ phase: 'queued' }) }), t, english);
    assert.equal(queued, 'Waiting to be processed');
  });

  test('shows the file name under a title', () => {
    assert.equal(formatRow(row({ title: 'Holidays' }), t, english), '400 MB · a.mp4');
    assert.equal(formatRow(row({ title: 'Holidays', sizeBytes: null }), t, english), 'a.mp4');
  });

  test('has a progress bar where progress can be measured', () => {
    const half = { of: 'upload', percent: 50 };
    assert.deepEqual(progressOf(row({ state: 'uploading', sentBytes: 200 * MB })), half);
    assert.deepEqual(progressOf(row({ state: 'paused', sentBytes: 200 * MB })), half);
    const processing = row({ state: 'processing', sentBytes: 400 * MB, video: video({ progress: 30 }) });
    assert.deepEqual(progressOf(processing), { of: 'processing', percent: 30 });
    assert.equal(progressOf(row({ state: 'waiting' })), null);
    assert.equal(progressOf(row({ state: 'uploading', sentBytes: 5, sizeBytes: null })), null);
    assert.equal(progressOf(row({ state: 'online', sentBytes: 400 * MB })), null);
  });

  test('the badge distinguishes failures', () => {
    assert.equal(formatState(row({ state: 'failed', failure: failure({}) }), t), 'Failed');
    const transcode = failure({ stage: 'transcode', code: 'undecodable' });
    assert.equal(formatState(row({ state: 'failed', failure: transcode }), t), 'Processing failed');
    assert.equal(
      formatState(row({ state: 'failed', failure: failure({ code: 'duplicate' }) }), t),
      'Duplicate',
    );
  });

  test('shows the text for the code of a failure', () => {
    const reason = (code: string): string => `[${code}]`;
    assert.equal(formatFailure(failure({ code: 'file_unreadable' }), t, reason), '[file_unreadable]');
    const followed = formatFailure(failure({ stage: 'follow', code: 'network' }), t, reason);
    assert.equal(followed, 'The file was uploaded, but its processing status is unavailable. [network]');
    const known = failure({ code: 'duplicate', duplicateOf: { videoId: 3, title: 'Tom & Anna' } });
    assert.equal(formatFailure(known, t, reason), 'Already in your library as “Tom & Anna”.');
  });

  test('has a short reason for any code of a retry', () => {
    assert.equal(formatObstacle('network', t), 'No connection.');
    assert.equal(formatObstacle('part_size_mismatch', t), 'Something went wrong.');
  });
});
