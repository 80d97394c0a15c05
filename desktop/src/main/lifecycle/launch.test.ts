import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filesToOpen, startsHidden } from './launch.ts';

const cwd = '/home/ann';

test("reads files after the program's name", () => {
  const argv = ['/opt/Reelmill/reelmill', '--no-sandbox', 'a film.mp4', '/media/b.mov', ''];
  assert.deepEqual(filesToOpen(argv, { cwd, bare: false }), ['/home/ann/a film.mp4', '/media/b.mov']);
});

test("skips the app's path with a bare Electron", () => {
  const argv = ['/usr/bin/electron', '--no-sandbox', 'desktop', 'a.mp4'];
  assert.deepEqual(filesToOpen(argv, { cwd, bare: true }), ['/home/ann/a.mp4']);
  assert.deepEqual(filesToOpen(['/usr/bin/electron', '.'], { cwd, bare: true }), []);
});

test('accepts file URLs and ignores other URLs', () => {
  const argv = ['reelmill', 'file:///media/a%20film.mp4', 'https://a.example/b.mp4', 'reelmill://x'];
  assert.deepEqual(filesToOpen(argv, { cwd, bare: false }), ['/media/a film.mp4']);
});

test('recognizes a start at login', () => {
  assert.equal(startsHidden(['reelmill', '--hidden']), true);
  assert.equal(startsHidden(['reelmill', 'hidden']), false);
});
