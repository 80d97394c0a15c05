import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeUploadSnapshot } from '../../../../test/support/uploadSnapshot.ts';
import type { UploadSnapshot } from '../../contracts/desktop.ts';
import { errorMessage, translate } from '../i18n/translate.ts';
import { formatNotices } from './notices.ts';

const texts = {
  t: translate('en'),
  errorMessage: (failure: Parameters<typeof errorMessage>[1]) => errorMessage('en', failure),
};

const upload = (own: Partial<UploadSnapshot>): UploadSnapshot =>
  makeUploadSnapshot('a', { state: 'online', videoId: 7, ...own });

function failure(own: Partial<NonNullable<UploadSnapshot['failure']>>): Partial<UploadSnapshot> {
  const failed = { stage: 'transcode', code: 'not_a_video', message: 'raw', duplicateOf: null } as const;
  return { state: 'failed', failure: { ...failed, ...own } };
}

test('names an online video, and a click opens it', () => {
  assert.deepEqual(formatNotices([upload({ title: 'Summer' })], texts), [
    {
      title: 'Video online',
      body: '“Summer” is ready to watch.',
      target: { view: 'library', videoId: 7 },
    },
  ]);
});

test('names a failure with its reason', () => {
  const [transcode] = formatNotices([upload(failure({}))], texts);
  assert.equal(transcode?.title, 'Processing failed');
  assert.equal(transcode?.body, '“a.mp4”: This is not a video.');
  const [sending] = formatNotices([upload(failure({ stage: 'upload', code: 'validation_failed' }))], texts);
  assert.equal(sending?.title, 'Upload failed');
  assert.equal(sending?.body, '“a.mp4”: raw');
  assert.deepEqual(sending?.target, { view: 'queue', videoId: null });
});

test('combines many uploads into one notice of each kind', () => {
  const titles = ['A', 'B', 'C', 'D', 'E'];
  const finished = [...titles.map((title) => upload({ title })), upload(failure({})), upload(failure({}))];
  assert.deepEqual(formatNotices(finished, texts), [
    { title: '5 videos online', body: 'A, B, C and 2 more', target: { view: 'library', videoId: null } },
    { title: '2 videos failed', body: 'a.mp4, a.mp4', target: { view: 'queue', videoId: null } },
  ]);
});

test("shows no notice for the user's own actions", () => {
  assert.deepEqual(formatNotices([upload({ state: 'canceled' }), upload({ state: 'paused' })], texts), []);
});
