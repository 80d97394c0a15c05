import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import { claimWorkFolder, releaseWorkFolder } from '../../worker/src/scratch/workerFolder.ts';
import { makeTemporaryFolder, startProcess, type TemporaryFolder } from '../support/processes.ts';

const HOUR_MS = 3_600_000;
const OWN_HOST = hostname().replace(/[^A-Za-z0-9_-]/g, '_');
const logger = createLogger({ level: 'silent', name: 'test' });

let folder: TemporaryFolder;
before(async () => {
  folder = await makeTemporaryFolder('work-folders');
});
after(() => folder.remove());

/** The folder of some worker, last changed so long ago; with the rest of a task in it unless it is empty. */
async function leave(
  name: string,
  hoursAgo: number,
  { empty = false, files = empty ? [] : ['task-x1y2z3'] }: { empty?: boolean; files?: string[] } = {},
): Promise<string> {
  const left = path.join(folder.path, name);
  await mkdir(left, { mode: 0o700 });
  for (const file of files) {
    await mkdir(path.join(left, file));
    await writeFile(path.join(left, file, 'seg_00000.m4s'), 'half');
  }
  const at = new Date(Date.now() - hoursAgo * HOUR_MS);
  await utimes(left, at, at);
  return name;
}

test('removes folders that nobody uses, whoever left them, and no others', async () => {
  const live = startProcess('sleep', ['60']);
  const gone = startProcess('true', []);
  if (gone.exit === null) await once(gone.child, 'exit');
  await leave(`${OWN_HOST}.${gone.pid}.killed`, 0);
  await leave(`${OWN_HOST}.${process.pid}.earlier-worker-of-this-process`, 0);
  await leave(`${OWN_HOST}.${live.pid}.its-number-was-given-away`, 25);
  await leave(`${OWN_HOST}.${live.pid}.empty`, 2, { empty: true });
  await leave('other-host.7.worker', 25);
  await leave('other-host.8.worker', 2, { empty: true });
  const kept = [
    await leave(`${OWN_HOST}.${live.pid}.at-work`, 23),
    await leave('other-host.9.at-work', 23),
    await leave('other-host.10.new', 0.5, { empty: true }),
    await leave('films of somebody', 1000),
    await leave('films.2026.more', 1000, { files: ['task-x1y2z3', 'film.mp4'] }),
    await leave('health.json', 1000, { empty: true }),
  ];
  const claimed = await claimWorkFolder(folder.path, 'w', logger);
  try {
    const left = (await readdir(folder.path)).filter((name) => name !== path.basename(claimed));
    assert.deepEqual(left.sort(), kept.sort());
    assert.deepEqual(await readdir(claimed), []);
  } finally {
    await releaseWorkFolder(claimed, logger);
    await live.kill();
  }
  assert.ok(!(await readdir(folder.path)).includes(path.basename(claimed)));
});
