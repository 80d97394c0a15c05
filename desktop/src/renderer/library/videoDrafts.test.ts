import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeVideo } from '../../../../test/support/libraryVideos.ts';
import { isChanged, keepDraft, readDraft } from './videoDrafts.ts';

test('keeps a draft until it is saved or discarded', () => {
  const video = makeVideo(1, { title: 'Film', description: 'Old' });
  assert.deepEqual(readDraft(video), { title: 'Film', description: 'Old' });
  keepDraft(video, { title: 'Film', description: 'New' });
  assert.equal(readDraft(video).description, 'New');
  assert.equal(readDraft(makeVideo(2)).description, '');
  keepDraft(video, { title: 'Film ', description: 'Old' });
  assert.deepEqual(readDraft(video), { title: 'Film', description: 'Old' });
  keepDraft(video, { title: 'Other', description: 'Old' });
  keepDraft(video, null);
  assert.equal(readDraft(video).title, 'Film');
});

test('ignores white space around a text', () => {
  const video = { title: 'Film', description: '' };
  assert.equal(isChanged(video, { title: ' Film', description: '\n' }), false);
  assert.equal(isChanged(video, { title: 'Film', description: 'x' }), true);
});
