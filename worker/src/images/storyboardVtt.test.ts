import assert from 'node:assert/strict';
import { test } from 'node:test';
import { storyboardVtt } from './storyboardVtt.ts';

test('every cue names its tile; the last one lasts to the end', () => {
  const storyboard = { intervalSeconds: 2, count: 3, columns: 2, rows: 2, tileWidth: 160, tileHeight: 90 };
  assert.equal(
    storyboardVtt(storyboard, 3605.25, 'storyboard.jpg'),
    `WEBVTT

00:00:00.000 --> 00:00:02.000
storyboard.jpg#xywh=0,0,160,90

00:00:02.000 --> 00:00:04.000
storyboard.jpg#xywh=160,0,160,90

00:00:04.000 --> 01:00:05.250
storyboard.jpg#xywh=0,90,160,90
`,
  );
});
