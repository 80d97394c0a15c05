import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { makeFilm } from '../support/films.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/processes.ts';
import { runCommand } from './command.ts';
import { ComposeFarm, ROOT } from './composeFarm.ts';
import { Creator } from './creator.ts';

const SECONDS = 30;

let folder: TemporaryFolder;
let farm: ComposeFarm;
let film: string;
let creator: Creator;
let online: number;
let underWay: number;
before(async () => {
  folder = await makeTemporaryFolder('backup');
  film = await makeFilm(folder.path, { seconds: SECONDS, size: '1280x720' });
  farm = await ComposeFarm.open();
  await farm.up([]);
  creator = await Creator.signUp(farm.url, 'backup');
});
after(async () => {
  await farm.down();
  await folder.remove();
});

test('backup.sh copies a farm at work, and again only what is new', async () => {
  online = await creator.upload(film);
  await creator.watch(online, SECONDS);
  assert.match(await runScript('backup.sh'), /The secrets are in/);
  underWay = await creator.upload(film);
  await creator.waitForProgress(underWay);
  assert.match(await runScript('backup.sh'), / [1-9]\d* there before/);
});

test('restore.sh touches nothing that runs, and no database that has tables', async () => {
  await assert.rejects(runScript('restore.sh'), /Server and workers must not run/);
  await farm.compose(['stop', 'server', 'worker']);
  await assert.rejects(runScript('restore.sh'), /The database has tables already/);
});

test('restore.sh brings everything back, the secrets too: what was online plays, what was under way goes on', async () => {
  await farm.compose(['down', '--volumes']);
  await rm(farm.envFile);
  assert.match(await runScript('restore.sh'), /Restored/);
  await farm.up([]);
  await farm.waitHealthy('server', 1);
  const again = await Creator.logIn(farm.url, creator.credentials);
  await again.watch(online, SECONDS);
  await again.watch(underWay, SECONDS);
});

/** As an admin does, with the compose project and the secrets of this farm. */
async function runScript(name: string): Promise<string> {
  const script = path.join(ROOT, 'deploy/compose', name);
  const { stdout, stderr } = await runCommand('bash', [script, path.join(folder.path, 'copy')], {
    env: farm.scriptEnv(),
  });
  return stdout + stderr;
}
