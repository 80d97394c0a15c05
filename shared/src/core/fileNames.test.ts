import assert from 'node:assert/strict';
import { test } from 'node:test';
import { displayFileName, titleFromFileName } from './fileNames.ts';

test('a title is the file name without folders and extension', () => {
  assert.equal(titleFromFileName('My Film.mp4'), 'My Film');
  assert.equal(titleFromFileName('/home/me/Clip.final.mov'), 'Clip.final');
  assert.equal(titleFromFileName('C:\\films\\a b.mov'), 'a b');
  assert.equal(titleFromFileName('.mp4'), '.mp4');
  assert.equal(titleFromFileName('films/'), 'Untitled');
});

test('line breaks and direction marks are not shown', () => {
  assert.equal(displayFileName('a\nb\u202e.mp4'), 'a b .mp4');
  assert.equal(titleFromFileName('a\r\nb.mp4'), 'a  b');
  assert.equal(displayFileName('\u0000'), 'video');
});

test('long names are cut between characters', () => {
  const name = '🎬'.repeat(300);
  assert.equal(displayFileName(name), '🎬'.repeat(255));
  assert.equal(titleFromFileName(name), '🎬'.repeat(200));
  assert.equal(displayFileName(`half ${'🎬'.slice(0, 1)}`), 'half \ufffd');
});
