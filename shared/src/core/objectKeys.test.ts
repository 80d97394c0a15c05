import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectKeys, safeFileName } from './objectKeys.ts';

test('keys follow the layout of the bucket', () => {
  assert.equal(objectKeys.playlist(7, '720p'), 'processed/7/hls_720p/720p.m3u8');
  assert.equal(objectKeys.segment(7, '720p', 1, 42), 'processed/7/hls_720p/seg_1_00042.m4s');
  assert.equal(objectKeys.source(7, 'My Film.MP4'), 'raw/7/My_Film.MP4');
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
