import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filesToOpen, startsHidden } from './launch.ts';

const cwd = '/home/ann';

test('an installed app is given files behind its own name', () => {
  const argv = ['/opt/Reelmill/reelmill', '--no-sandbox', 'a film.mp4', '/media/b.mov', ''];
  assert.deepEqual(filesToOpen(argv, { cwd, bare: false }), ['/home/ann/a film.mp4', '/media/b.mov']);
});

test('a bare Electron is given the app first', () => {
  const argv = ['/usr/bin/electron', '--no-sandbox', 'desktop', 'a.mp4'];
  assert.deepEqual(filesToOpen(argv, { cwd, bare: true }), ['/home/ann/a.mp4']);
  assert.deepEqual(filesToOpen(['/usr/bin/electron', '.'], { cwd, bare: true }), []);
});

test('file URLs are files, other addresses are nothing to upload', () => {
  const argv = ['reelmill', 'file:///media/a%20film.mp4', 'https://a.example/b.mp4', 'reelmill://x'];
  assert.deepEqual(filesToOpen(argv, { cwd, bare: false }), ['/media/a film.mp4']);
});

test('a start at login is told from others', () => {
  assert.equal(startsHidden(['reelmill', '--hidden']), true);
  assert.equal(startsHidden(['reelmill', 'hidden']), false);
});
