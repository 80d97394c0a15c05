import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  attemptTag,
  cacheControlOf,
  objectKeys,
  planVersionInKey,
  safeFileName,
  taskKeys,
} from './objectKeys.ts';

test('keys follow the layout of the bucket', () => {
  assert.equal(objectKeys.playlist(7, '720p'), 'processed/7/hls_720p/720p.m3u8');
  assert.equal(objectKeys.segment(7, '720p', 1, 42), 'processed/7/hls_720p/seg_1_00042.m4s');
  assert.equal(objectKeys.source(7, 'My Film.MP4'), 'raw/7/My_Film.MP4');
});

test('two tries never write the same key, and neither do two tasks of one lease token', () => {
  const [one, other] = ['3fa9c2d1-e0b7-4a53-9c1e-1f0c6d7e8a90', '3fa9c2d1-e0b8-4a53-9c1e-1f0c6d7e8a90'];
  const tags = [815, 816].flatMap((taskId) =>
    [one, other].map((leaseToken) => attemptTag({ taskId, leaseToken })),
  );
  assert.equal(tags[0], '815-3fa9c2d1e0b7');
  const keys = tags.map((tag) => {
    const { init, segment, cover, storyboard, storyboardSprite } = taskKeys('7-ab', 2, tag);
    return [init('720p'), segment('720p', 42), cover, storyboard, storyboardSprite];
  });
  assert.deepEqual(keys[0], [
    'processed/7-ab/hls_720p/init_2_815-3fa9c2d1e0b7.mp4',
    'processed/7-ab/hls_720p/seg_2_00042_815-3fa9c2d1e0b7.m4s',
    'processed/7-ab/cover_2_815-3fa9c2d1e0b7.jpg',
    'processed/7-ab/storyboard_2_815-3fa9c2d1e0b7.vtt',
    'processed/7-ab/storyboard_2_815-3fa9c2d1e0b7.jpg',
  ]);
  assert.equal(new Set(keys.flat()).size, 20);
  for (const key of keys.flat()) assert.equal(planVersionInKey(key), 2, key);
});

test('keys of earlier versions have no tag', () => {
  const { init, segment, cover, storyboard, storyboardSprite } = taskKeys(7, 3, null);
  assert.deepEqual(
    [init('audio'), segment('audio', 123456), cover, storyboard, storyboardSprite],
    [
      'processed/7/hls_audio/init_3.mp4',
      'processed/7/hls_audio/seg_3_123456.m4s',
      'processed/7/cover.jpg',
      'processed/7/storyboard.vtt',
      'processed/7/storyboard.jpg',
    ],
  );
});

test('a key holds its plan version, unless later plans have the same key, or Reelmill never writes it', () => {
  const at = (name: string) => planVersionInKey(`processed/7/${name}`);
  assert.deepEqual([at('hls_720p/seg_12_00001.m4s'), at('hls_audio/init_3.mp4')], [12, 3]);
  for (const name of ['master.m3u8', 'hls_720p/720p.m3u8', 'cover.jpg', 'storyboard.jpg', 'storyboard.vtt']) {
    assert.equal(at(name), null, name);
  }
  for (const name of [
    'notes.txt',
    'hls_720p/480p.m3u8',
    'hls_720p/seg_1.ts',
    'cover_1.jpg',
    'seg_1_00000_x.m4s',
  ]) {
    assert.equal(at(name), undefined, name);
  }
});

test('caches keep what is written once, and no picture that a later transcode may overwrite', () => {
  const forGood = 'private, max-age=31536000, immutable';
  const { init, segment, cover, storyboardSprite } = taskKeys('7-ab', 2, '815-3fa9c2d1e0b7');
  for (const key of [
    init('720p'),
    segment('720p', 42),
    cover,
    storyboardSprite,
    objectKeys.segment(7, '720p', 1, 0),
  ]) {
    assert.equal(cacheControlOf(key), forGood, key);
  }
  const { cover: old, storyboardSprite: oldSprite } = taskKeys(7, 3, null);
  for (const key of [
    old,
    oldSprite,
    objectKeys.master(7),
    objectKeys.playlist(7, '720p'),
    'raw/7/film.mp4',
  ]) {
    assert.equal(cacheControlOf(key), 'private, no-cache', key);
  }
});

test('a hostile file name becomes one harmless component', () => {
  assert.equal(safeFileName('../../etc/passwd'), 'passwd');
  assert.equal(safeFileName('C:\\films\\a b.mov'), 'a_b.mov');
  assert.equal(safeFileName('line\nbreak.mp4'), 'line_break.mp4');
  assert.equal(safeFileName('🎬🎬.mp4'), 'video.mp4');
  assert.equal(safeFileName('..'), 'video');
  assert.equal(safeFileName(''), 'video');
  const long = safeFileName(`${'x'.repeat(300)}.webm`);
  assert.equal(long.length, 100);
  assert.match(long, /\.webm$/);
});
