import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseFfmpegVersion } from './selfTest.ts';

test('the version is what ffmpeg calls itself, whoever built it', () => {
  const versionOf = (name: string) =>
    parseFfmpegVersion(`ffmpeg version ${name} Copyright (c) 2000-2026 the FFmpeg developers`);
  for (const name of ['5.1.9-0+deb12u1', '7.1.5-0+deb13u1', '7.0.2-static', 'N-118315-g4f3c9f2f03']) {
    assert.equal(versionOf(name), name);
  }
  assert.equal(versionOf('x'.repeat(500))?.length, 64);
});

test('finds no version in any other line', () => {
  for (const line of [
    '',
    '  built with gcc 14',
    'ffprobe version 7.1',
    ' ffmpeg version 1',
    'ffmpeg version ',
  ]) {
    assert.equal(parseFfmpegVersion(line), null);
  }
});
