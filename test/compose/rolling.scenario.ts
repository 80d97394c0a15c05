import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { makeFilm } from '../support/films.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/processes.ts';
import { ComposeFarm } from './composeFarm.ts';
import { Creator } from './creator.ts';

const SECONDS = 60;

let folder: TemporaryFolder;
let farm: ComposeFarm;
let film: string;
let creator: Creator;
before(async () => {
  folder = await makeTemporaryFolder('film');
  film = await makeFilm(folder.path, { seconds: SECONDS, size: '1280x720' });
  farm = await ComposeFarm.open();
  await farm.up(['--scale', 'worker=2']);
  creator = await Creator.signUp(farm.url, 'rolling');
});
after(async () => {
  await farm.down();
  await folder.remove();
});

test('workers that are replaced while they work finish or hand back what they have: no task fails or is tried again', async () => {
  const videoId = await creator.upload(film);
  await creator.waitForProgress(videoId);
  const before = (await farm.containers('worker')).map(({ Id }) => Id);
  await farm.up(['--force-recreate', '--no-deps', '--scale', 'worker=2', 'worker']);
  const after = (await farm.containers('worker')).map(({ Id }) => Id);
  assert.deepEqual(
    after.filter((id) => before.includes(id)),
    [],
  );
  await creator.watch(videoId, SECONDS);
  assert.equal(await farm.countRetries(videoId), 0);
});

test('everything stopped in the middle of a video, each within its time, goes on where it was', async () => {
  const videoId = await creator.upload(film);
  await creator.waitForProgress(videoId);
  await farm.compose(['stop']);
  for (const service of ['server', 'worker', 'mysql', 'rabbitmq', 'minio']) {
    for (const { State } of await farm.containers(service)) {
      assert.deepEqual([State.Status, State.ExitCode], ['exited', 0], service);
    }
  }
  await farm.up(['--scale', 'worker=2']);
  await farm.waitHealthy('server', 1);
  await creator.watch(videoId, SECONDS);
  assert.equal(await farm.countRetries(videoId), 0);
});
