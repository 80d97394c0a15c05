import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UploadSnapshot } from '@reelmill/shared/contracts/desktop.ts';
import { translate, wordError } from '../i18n/translate.ts';
import { wordNotices } from './notices.ts';

const wording = {
  t: translate('en'),
  wordError: (failure: Parameters<typeof wordError>[1]) => wordError('en', failure),
};

function upload(own: Partial<UploadSnapshot>): UploadSnapshot {
  return {
    id: '1',
    path: '/media/a.mp4',
    fileName: 'a.mp4',
    title: null,
    state: 'online',
    videoId: 7,
    sizeBytes: 1,
    acknowledgedBytes: 1,
    sentBytes: 1,
    keptBytes: 0,
    bytesPerSecond: null,
    etaSeconds: null,
    restarts: 0,
    retrying: null,
    failure: null,
    video: null,
    ...own,
  };
}

function failure(own: Partial<NonNullable<UploadSnapshot['failure']>>): Partial<UploadSnapshot> {
  const failed = { stage: 'transcode', code: 'not_a_video', message: 'raw', duplicateOf: null } as const;
  return { state: 'failed', failure: { ...failed, ...own } };
}

test('one video that is online is told by its title and leads to itself', () => {
  assert.deepEqual(wordNotices([upload({ title: 'Summer' })], wording), [
    {
      title: 'Video online',
      body: '“Summer” is ready to watch.',
      target: { view: 'library', videoId: 7 },
    },
  ]);
});

test('a failure is told with its reason in plain words', () => {
  const [transcode] = wordNotices([upload(failure({}))], wording);
  assert.equal(transcode?.title, 'Video failed');
  assert.equal(transcode?.body, '“a.mp4”: This is not a video.');
  const [sending] = wordNotices([upload(failure({ stage: 'upload', code: 'validation_failed' }))], wording);
  assert.equal(sending?.title, 'Upload failed');
  assert.equal(sending?.body, '“a.mp4”: raw');
  assert.deepEqual(sending?.target, { view: 'queue', videoId: null });
});

test('many at once are one notice of each kind', () => {
  const titles = ['A', 'B', 'C', 'D', 'E'];
  const settled = [...titles.map((title) => upload({ title })), upload(failure({})), upload(failure({}))];
  assert.deepEqual(wordNotices(settled, wording), [
    { title: '5 videos online', body: 'A, B, C and 2 more', target: { view: 'library', videoId: null } },
    { title: '2 videos failed', body: 'a.mp4, a.mp4', target: { view: 'queue', videoId: null } },
  ]);
});

test('what the user did is no news', () => {
  assert.deepEqual(wordNotices([upload({ state: 'canceled' }), upload({ state: 'paused' })], wording), []);
});
