import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { FakeBridge } from '../../../../test/support/fakeBridge.ts';
import { makeUploadSnapshot } from '../../../../test/support/uploadSnapshot.ts';
import type { UploadSnapshot, UploadState } from '../../contracts/desktop.ts';
import { followUploads } from './uploadNews.ts';

const upload = (id: string, state: UploadState, videoId: number | null = 1): UploadSnapshot =>
  makeUploadSnapshot(id, { state, videoId });

test('reports each state of an upload that the library shows, once', () => {
  const bridge = new FakeBridge();
  const uninstall = bridge.install();
  const onNews = mock.fn();
  const stop = followUploads(onNews);
  const send = (...changed: UploadSnapshot[]) =>
    bridge.send('queue.changed', { changed, removed: [], order: null });
  const newsAfter = (...changed: UploadSnapshot[]) => {
    onNews.mock.resetCalls();
    send(...changed);
    return onNews.mock.callCount();
  };
  assert.equal(newsAfter(upload('a', 'uploading')), 0);
  assert.equal(newsAfter(upload('a', 'processing')), 1);
  assert.equal(newsAfter(upload('a', 'processing')), 0);
  assert.equal(newsAfter(upload('a', 'online'), upload('b', 'online', 2)), 1);
  assert.equal(newsAfter(upload('c', 'failed', null)), 0);
  stop();
  assert.equal(newsAfter(upload('d', 'online', 4)), 0);
  uninstall();
});
