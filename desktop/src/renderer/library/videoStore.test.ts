import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { FakeBridge } from '../../../../test/support/fakeBridge.ts';
import { makeDetail, makeVideo } from '../../../../test/support/libraryVideos.ts';
import { createLibraryStore, type LibraryStore } from './libraryStore.ts';
import { videoAt } from './pages.ts';
import { createVideoStore, isChanging, type VideoStore } from './videoStore.ts';

describe('the store of one video', () => {
  let bridge: FakeBridge;
  let uninstall: () => void;
  let library: LibraryStore;
  let store: VideoStore;

  beforeEach(async () => {
    bridge = new FakeBridge();
    uninstall = bridge.install();
    library = createLibraryStore();
    library.getState().show({ first: 0, last: 5 });
    await bridge.take('library.list').reply({ videos: [makeVideo(7), makeVideo(8)], total: 2 });
    store = createVideoStore(7, library);
  });
  afterEach(() => uninstall());

  const state = () => store.getState();
  async function load(video = makeVideo(7)): Promise<void> {
    void state().load();
    await bridge.take('library.get').reply(makeDetail(video, [480, 1080]));
  }

  test('shows the video with its qualities from the largest on, and updates the grid', async () => {
    assert.equal(isChanging(state()), true);
    await load(makeVideo(7, { title: 'Renamed elsewhere' }));
    assert.deepEqual(state().qualities, ['1080p', '480p']);
    assert.equal(isChanging(state()), false);
    assert.equal(videoAt(library.getState().pages, 0)?.title, 'Renamed elsewhere');
  });

  test('a response that was requested before a change does not undo it', async () => {
    await load();
    void state().load();
    const early = bridge.take('library.get');
    const saving = state().update({ title: 'New' });
    const update = bridge.take('library.update');
    assert.deepEqual(update.args, { videoId: 7, patch: { title: 'New' } });
    await update.reply(makeVideo(7, { title: 'New' }));
    await saving;
    await early.reply(makeDetail(makeVideo(7, { title: 'Old' })));
    assert.equal(state().video?.title, 'New');
    assert.equal(videoAt(library.getState().pages, 0)?.title, 'New');
  });

  test('throws the error of a failed change, which changes nothing', async () => {
    await load();
    const saving = state().update({ title: 'New' });
    const refused = assert.rejects(saving, { code: 'network' });
    await bridge.take('library.update').refuse(new ReelmillError('network', 'No connection.'));
    await refused;
    assert.equal(state().video?.title, 'Film 7');
    assert.equal(state().failure, null);
  });

  test('copies the link of a private video and shows it as unlisted', async () => {
    await load();
    const copying = state().copyLink();
    await bridge.take('library.copyLink').reply({ url: 'https://api.example/watch/7', madeUnlisted: true });
    await bridge.take('library.get').reply(makeDetail(makeVideo(7, { visibility: 'unlisted' })));
    assert.equal(await copying, true);
    assert.equal(state().video?.visibility, 'unlisted');
  });

  test('does not reload a video that was already shared', async () => {
    await load(makeVideo(7, { visibility: 'public' }));
    const copying = state().copyLink();
    await bridge.take('library.copyLink').reply({ url: 'https://api.example/watch/7', madeUnlisted: false });
    assert.equal(await copying, false);
    assert.deepEqual(bridge.calls, []);
  });

  test('shows the video after a retry', async () => {
    await load(makeVideo(7, { status: 'failed', playback_url: null }));
    const retrying = state().retry();
    await bridge.take('library.retry').reply(undefined);
    await bridge.take('library.get').reply(makeDetail(makeVideo(7, { status: 'transcoding' }), []));
    await retrying;
    assert.equal(isChanging(state()), true);
  });

  test('removes a video that is deleted here, also from the grid', async () => {
    await load();
    const deleting = state().delete();
    await bridge.take('library.delete').reply(undefined);
    await deleting;
    assert.equal(state().gone, true);
    assert.deepEqual([library.getState().total, videoAt(library.getState().pages, 0)?.id], [1, 8]);
  });

  test('removes a video that was deleted elsewhere; keeps one that cannot be reached', async () => {
    await load();
    void state().load();
    await bridge.take('library.get').refuse(new ReelmillError('network', 'No connection.'));
    assert.equal(state().gone, false);
    assert.equal(state().video?.id, 7);
    void state().load();
    await bridge.take('library.get').refuse(new ReelmillError('not_found', 'No such video.'));
    assert.equal(state().gone, true);
    assert.equal(library.getState().total, 1);
  });

  test('returns a fresh link to the player, or an error', async () => {
    const fetching = state().fetchPlaybackUrl();
    await bridge.take('library.get').reply(makeDetail(makeVideo(7)));
    assert.equal(await fetching, makeVideo(7).playback_url);
    const failing = assert.rejects(state().fetchPlaybackUrl(), { code: 'state_conflict' });
    await bridge.take('library.get').reply(makeDetail(makeVideo(7, { playback_url: null })));
    await failing;
  });
});
