import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findTile, parseStoryboard } from './storyboard.ts';

const VTT = `WEBVTT

00:00.000 --> 00:05.000
https://store/a.jpg?x=1#xywh=0,0,160,90

00:00:05.000 --> 01:00:00.500
https://store/a.jpg?x=1#xywh=160,0,160,90
`;

test('every cue is a tile, with and without hours', () => {
  assert.deepEqual(parseStoryboard(VTT), [
    { start: 0, end: 5, picture: 'https://store/a.jpg?x=1', x: 0, y: 0, width: 160, height: 90 },
    { start: 5, end: 3600.5, picture: 'https://store/a.jpg?x=1', x: 160, y: 0, width: 160, height: 90 },
  ]);
});

test('a time has the tile that it falls into, and the last tile is for all that follows', () => {
  const tiles = parseStoryboard(VTT);
  assert.equal(findTile(tiles, 4.99)?.x, 0);
  assert.equal(findTile(tiles, 5)?.x, 160);
  assert.equal(findTile(tiles, 9999)?.x, 160);
  assert.equal(findTile([], 1), null);
});
