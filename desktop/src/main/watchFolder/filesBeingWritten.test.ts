import assert from 'node:assert/strict';
import { mkdtemp, open, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { findFilesBeingWritten, readLsof } from './filesBeingWritten.ts';

test('finds files that a program has open for writing', { skip: process.platform !== 'linux' }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'written-'));
  t.after(() => rm(folder, { recursive: true }));
  const names = ['read', 'written', 'both', 'closed'].map((name) => join(folder, name));
  const paths = new Set(names);
  for (const path of names) await writeFile(path, 'x');
  const [read = '', written = '', both = '', closed = ''] = names;
  const files = [await open(read, 'r'), await open(written, 'a'), await open(both, 'r+')];
  t.after(() => Promise.all(files.map((file) => file.close())));
  await (await open(closed, 'a')).close();
  assert.deepEqual(await findFilesBeingWritten(paths), new Set([written, both]));
  // a watched folder may be reached through a link
  await symlink(folder, `${folder}-link`);
  t.after(() => rm(`${folder}-link`));
  const linked = join(`${folder}-link`, 'written');
  assert.deepEqual(await findFilesBeingWritten(new Set([linked])), new Set([linked]));
});

test('uses lsof without /proc, and nothing without lsof', async () => {
  const output = 'p123\nf5\nar\nn/a/read.mp4\nf6\naw\nn/a/written.mp4\np124\nf7\nau\nn/a/both.mp4\n';
  assert.deepEqual(readLsof(output), new Set(['/a/written.mp4', '/a/both.mp4']));
  assert.deepEqual(await findFilesBeingWritten(new Set(['/nowhere.mp4']), 'darwin'), new Set());
  assert.deepEqual(await findFilesBeingWritten(new Set(['/nowhere.mp4']), 'win32'), new Set());
});
