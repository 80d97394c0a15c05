import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatSeconds, parseRate, printable, shorten } from './formats.ts';

test('formats durations in short form', () => {
  assert.equal(formatSeconds(59.4), '59s');
  assert.equal(formatSeconds(185), '3m05s');
  assert.equal(formatSeconds(7_620), '2h07m');
});

test('parses rates with and without a unit', () => {
  assert.equal(parseRate('500'), 500);
  assert.equal(parseRate('500K'), 512_000);
  assert.equal(parseRate('1.5m'), 1_572_864);
  assert.equal(parseRate('2 M'), null);
  assert.equal(parseRate('2MiB/s'), 2_097_152);
  assert.equal(parseRate('0'), null);
  assert.equal(parseRate('-1'), null);
  assert.equal(parseRate('fast'), null);
});

test('replaces control characters in names', () => {
  assert.equal(printable('a\u001b[2Jb\nc\u202ed.mp4'), 'a?[2Jb?c?d.mp4');
  assert.equal(printable('Ünïcödé 🎬.mp4'), 'Ünïcödé 🎬.mp4');
});

test('shortens long names between characters', () => {
  assert.equal(shorten('🎬🎬🎬🎬', 3), '🎬🎬…');
  assert.equal(shorten('short', 5), 'short');
});
