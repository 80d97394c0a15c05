import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { Video } from '@reelmill/shared/contracts/videos.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { FakeBridge } from '../../../../test/support/fakeBridge.ts';
import { makeVideo } from '../../../../test/support/libraryVideos.ts';
import { createLibraryStore, hasActiveVideos, type LibraryStore } from './libraryStore.ts';
import { PAGE_SIZE, videoAt } from './pages.ts';

const OFFLINE = new ReelmillError('network', 'No connection.');

/** The videos `from` to `to` of a library, newest first: video 1 is at the top. */
function listOf(from: number, to: number, total: number, facts: (id: number) => Partial<Video> = () => ({})) {
  const videos: Video[] = [];
  for (let id = from; id <= to; id += 1) videos.push(makeVideo(id, facts(id)));
  return { videos, total };
}

describe('the library store', () => {
  let bridge: FakeBridge;
  let uninstall: () => void;
  let store: LibraryStore;
  let now: number;

  beforeEach(() => {
    bridge = new FakeBridge();
    uninstall = bridge.install();
    now = 1_000_000;
    store = createLibraryStore(() => now);
  });
  afterEach(() => {
    assert.deepEqual(bridge.calls, [], 'every call was expected');
    uninstall();
  });

  const state = () => store.getState();
  const titleAt = (index: number) => videoAt(state().pages, index)?.title;
  /** A library of so many videos of which the first page is shown. */
  async function open(total: number, facts?: (id: number) => Partial<Video>): Promise<void> {
    state().show({ first: 0, last: 11 });
    await bridge.take('library.list').reply(listOf(1, Math.min(total, PAGE_SIZE), total, facts));
  }

  test('loads each visible page once', async () => {
    state().show({ first: 0, last: 11 });
    state().show({ first: 3, last: 14 });
    const first = bridge.take('library.list');
    assert.deepEqual(first.args, { limit: PAGE_SIZE, offset: 0, sort: 'newest' });
    await first.reply(listOf(1, PAGE_SIZE, 150));
    assert.equal(state().total, 150);
    assert.equal(titleAt(0), 'Film 1');
    assert.equal(titleAt(PAGE_SIZE), undefined);

    state().show({ first: 55, last: 66 });
    const second = bridge.take('library.list');
    assert.deepEqual(second.args, { limit: PAGE_SIZE, offset: PAGE_SIZE, sort: 'newest' });
    await second.reply(listOf(PAGE_SIZE + 1, 2 * PAGE_SIZE, 150));
    assert.equal(titleAt(PAGE_SIZE), `Film ${PAGE_SIZE + 1}`);
  });

  test('reloads an old page that becomes visible again', async () => {
    await open(20);
    now += 10_000;
    state().show({ first: 0, last: 11 });
    assert.equal(bridge.calls.length, 0);
    now += 25_000;
    state().show({ first: 0, last: 11 });
    await bridge.take('library.list').reply(listOf(1, 20, 20));
  });

  test('keeps showing the old videos until the response to a new query', async () => {
    await open(20);
    state().setQuery({ search: 'holiday', status: 'failed' });
    assert.equal(state().outdated, true);
    assert.equal(titleAt(0), 'Film 1');
    const asked = bridge.take('library.list');
    assert.deepEqual(asked.args, {
      limit: PAGE_SIZE,
      offset: 0,
      sort: 'newest',
      search: 'holiday',
      status: 'failed',
    });
    await asked.reply({ videos: [makeVideo(7, { title: 'Holiday' })], total: 1 });
    assert.equal(state().outdated, false);
    assert.deepEqual([state().total, titleAt(0), titleAt(1)], [1, 'Holiday', undefined]);
  });

  test('ignores the response to an earlier query', async () => {
    await open(20);
    state().setQuery({ search: 'a' });
    const early = bridge.take('library.list');
    state().setQuery({ search: 'ab' });
    const late = bridge.take('library.list');
    await late.reply({ videos: [makeVideo(2, { title: 'abc' })], total: 1 });
    await early.reply(listOf(1, 20, 20));
    assert.deepEqual([state().total, titleAt(0)], [1, 'abc']);
    state().setQuery({ search: 'x' });
    const failing = bridge.take('library.list');
    state().setQuery({ search: 'ab' });
    await bridge.take('library.list').reply({ videos: [makeVideo(2)], total: 1 });
    await failing.refuse(OFFLINE);
    assert.equal(state().failure, null);
  });

  test('does not repeat the same query', async () => {
    await open(20);
    state().setQuery({ sort: 'newest' });
    assert.equal(bridge.calls.length, 0);
    assert.equal(state().outdated, false);
  });

  test('keeps the videos and the error of a failed page until the next response', async () => {
    state().show({ first: 0, last: 11 });
    await bridge.take('library.list').refuse(OFFLINE);
    const { failure } = state();
    assert.ok(failure instanceof ReelmillError);
    assert.equal(failure.code, 'network');
    assert.equal(state().total, null);
    const again = state().refresh();
    await bridge.take('library.list').reply(listOf(1, 20, 20));
    await again;
    assert.equal(state().failure, null);
    void state().refresh();
    await bridge.take('library.list').refuse(OFFLINE);
    assert.equal(titleAt(0), 'Film 1');
  });

  test('reloads the visible pages when the number of videos has changed', async () => {
    await open(150);
    state().show({ first: 50, last: 70 });
    await bridge.take('library.list').reply(listOf(PAGE_SIZE + 1, 2 * PAGE_SIZE, 150));
    void state().refresh();
    const [first, second] = [bridge.take('library.list'), bridge.take('library.list')];
    await first.reply({ videos: [makeVideo(999), ...listOf(1, PAGE_SIZE - 1, 0).videos], total: 151 });
    assert.equal(titleAt(0), 'Film 999');
    await second.reply(listOf(PAGE_SIZE, 2 * PAGE_SIZE - 1, 151));
    assert.equal(titleAt(PAGE_SIZE), `Film ${PAGE_SIZE}`);
  });

  test('drops pages out of sight when videos have moved', async () => {
    await open(300);
    state().show({ first: 200, last: 210 });
    await bridge.take('library.list').reply(listOf(181, 240, 301));
    assert.deepEqual([...state().pages.keys()], [3]);
  });

  test('removes a deleted video at once, and an earlier response does not restore it', async () => {
    await open(20);
    void state().refresh();
    const early = bridge.take('library.list');
    state().remove(1);
    assert.deepEqual([state().total, titleAt(0)], [19, 'Film 2']);
    await early.reply(listOf(1, 20, 20));
    assert.equal(titleAt(0), 'Film 2');
    await bridge.take('library.list').reply(listOf(2, 20, 19));
    assert.deepEqual([state().total, titleAt(0)], [19, 'Film 2']);
  });

  test('knows whether a visible video is still active', async () => {
    await open(40, (id) => (id === 30 ? { status: 'transcoding', phase: 'encoding', progress: 40 } : {}));
    assert.equal(hasActiveVideos(state()), false);
    state().show({ first: 24, last: 35 });
    assert.equal(hasActiveVideos(state()), true);
    state().replace(makeVideo(30, { status: 'online' }));
    assert.equal(hasActiveVideos(state()), false);
  });

  test('scrolls to the top for another query', async () => {
    await open(150);
    state().leave({ scrollTop: 640, videoId: 5 });
    assert.equal(state().place.scrollTop, 640);
    state().setQuery({ sort: 'title' });
    await bridge.take('library.list').reply(listOf(1, 60, 150));
    assert.deepEqual(state().place, { scrollTop: 0, videoId: null });
  });
});
