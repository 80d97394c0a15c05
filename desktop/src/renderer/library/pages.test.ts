import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { makeVideo } from '../../../../test/support/libraryVideos.ts';
import {
  keepNear,
  keepShown,
  PAGE_SIZE,
  pagesOf,
  putPage,
  removeVideo,
  replaceVideo,
  videoAt,
} from './pages.ts';

describe('the pages of the library', () => {
  test('a range covers the pages of its ends and those between', () => {
    assert.deepEqual(pagesOf({ first: 0, last: 0 }), [0]);
    assert.deepEqual(pagesOf({ first: 0, last: PAGE_SIZE - 1 }), [0]);
    assert.deepEqual(pagesOf({ first: PAGE_SIZE - 1, last: PAGE_SIZE }), [0, 1]);
    assert.deepEqual(pagesOf({ first: 3 * PAGE_SIZE, last: 5 * PAGE_SIZE }), [3, 4, 5]);
    assert.deepEqual(pagesOf({ first: 0, last: -1 }), [0]);
  });

  test('finds a video by its index, and nothing where nothing is loaded', () => {
    const pages = putPage(new Map(), 2, [makeVideo(1), makeVideo(2)]);
    assert.equal(videoAt(pages, 2 * PAGE_SIZE + 1)?.id, 2);
    assert.equal(videoAt(pages, 2 * PAGE_SIZE + 2), undefined);
    assert.equal(videoAt(pages, 0), undefined);
  });

  test('keeps unchanged videos as the same objects, even on another page', () => {
    const before = putPage(new Map(), 0, [makeVideo(1), makeVideo(2)]);
    const after = putPage(before, 0, [makeVideo(3), makeVideo(1), makeVideo(2, { title: 'Renamed' })]);
    assert.equal(videoAt(after, 1), videoAt(before, 0));
    assert.equal(videoAt(after, 2)?.title, 'Renamed');
  });

  test('drops pages far from the visible ones', () => {
    const many = new Map(Array.from({ length: 40 }, (_, page) => [page, [makeVideo(page + 1)]]));
    const kept = keepNear(many, { first: 20 * PAGE_SIZE, last: 21 * PAGE_SIZE });
    assert.ok(kept.size < 20);
    assert.ok(kept.has(20) && kept.has(21) && kept.has(17));
    assert.ok(!kept.has(0) && !kept.has(39));
    assert.deepEqual([...keepShown(many, { first: 0, last: PAGE_SIZE }).keys()], [0, 1]);
  });

  test('replaces or removes one video and keeps other pages', () => {
    const other = [makeVideo(9)];
    const pages = new Map([
      [0, [makeVideo(1), makeVideo(2)]],
      [1, other],
    ]);
    const renamed = replaceVideo(pages, makeVideo(2, { title: 'Renamed' }));
    assert.equal(videoAt(renamed, 1)?.title, 'Renamed');
    assert.equal(renamed.get(1), other);
    const removed = removeVideo(pages, 1);
    assert.deepEqual(
      removed.get(0)?.map(({ id }) => id),
      [2],
    );
    assert.equal(removed.get(1), other);
  });
});
