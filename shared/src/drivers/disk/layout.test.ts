import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { DiskLayout } from './layout.ts';

const DAY_MS = 86_400_000;

test('what is being written is distinguished from what a crash left by the clock of its file system', async (t) => {
  const root = await mkdtemp(path.join(tmpdir(), 'reelmill-layout-'));
  t.after(() => rm(root, { recursive: true }));
  const layout = new DiskLayout(root);
  await layout.prepare();
  const [fresh, old, ended] = [layout.newTmpPath(), layout.newTmpPath(), layout.endedPath('raw/1/film.mp4')];
  for (const file of [fresh, old, ended]) await writeFile(file, 'half');
  const longAgo = new Date(Date.now() - 30 * DAY_MS);
  await utimes(old, longAgo, longAgo);
  // the clock of the process alone jumps a year ahead
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 365 * DAY_MS });
  await new DiskLayout(root).prepare();
  assert.deepEqual(await readdir(layout.tmp), [path.basename(fresh)]);
  assert.deepEqual(await readdir(layout.ended), [path.basename(ended)]);
});
