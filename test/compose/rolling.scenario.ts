import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { videoDetailSchema } from '@reelmill/shared/contracts/videos.ts';
import { verifyPlayback } from '../../scripts/demo/verifyPlayback.ts';
import { type ApiUser, DocumentedApi } from '../support/apiClient.ts';
import { FILM_RATE, makeFilm } from '../support/films.ts';
import { makeTemporaryFolder, type TemporaryFolder, waitFor } from '../support/processes.ts';
import { beginSingle, complete, put } from '../support/uploads.ts';
import { ComposeFarm } from './composeFarm.ts';

const SECONDS = 60;
const LONG = { timeoutMs: 5 * 60_000, pollMs: 250 };

let folder: TemporaryFolder;
let farm: ComposeFarm;
let film: string;
let user: ApiUser;
before(async () => {
  folder = await makeTemporaryFolder('film');
  film = await makeFilm(folder.path, { seconds: SECONDS, size: '1280x720' });
  farm = await ComposeFarm.open();
  await farm.up(['--scale', 'worker=2']);
  user = await (await DocumentedApi.of(farm.url)).signUp('rolling');
});
after(async () => {
  await farm.down();
  await folder.remove();
});

test('workers that are replaced while they work finish or hand back what they have: no task fails or is tried again', async () => {
  const videoId = await uploadFilm();
  await waitForProgress(videoId);
  const before = (await farm.containers('worker')).map(({ Id }) => Id);
  await farm.up(['--force-recreate', '--no-deps', '--scale', 'worker=2', 'worker']);
  const after = (await farm.containers('worker')).map(({ Id }) => Id);
  assert.deepEqual(
    after.filter((id) => before.includes(id)),
    [],
  );
  await assertWhole(videoId);
  assert.equal(await countRetries(videoId), '0');
});

test('everything stopped in the middle of a video, each within its time, goes on where it was', async () => {
  const videoId = await uploadFilm();
  await waitForProgress(videoId);
  await farm.compose(['stop']);
  for (const service of ['server', 'worker', 'mysql', 'rabbitmq', 'minio']) {
    for (const { State } of await farm.containers(service)) {
      assert.deepEqual([State.Status, State.ExitCode], ['exited', 0], service);
    }
  }
  await farm.up(['--scale', 'worker=2']);
  await farm.waitHealthy('server', 1);
  await assertWhole(videoId);
  assert.equal(await countRetries(videoId), '0');
});

async function uploadFilm(): Promise<number> {
  const { videoId, url } = await beginSingle(user);
  assert.equal(await put(url, new Uint8Array(await readFile(film))), 200);
  assert.equal((await complete(user, videoId)).status, 202);
  return videoId;
}

async function describe(videoId: number) {
  const detail = (await user.call('GET', `/videos/${videoId}`)).as(videoDetailSchema);
  assert.equal(detail.video.error, null);
  return detail;
}

async function waitForProgress(videoId: number): Promise<void> {
  await waitFor('some of it is made', async () => (await describe(videoId)).video.progress > 20, LONG);
  assert.equal((await describe(videoId)).video.status, 'transcoding', 'the film is too short');
}

async function assertWhole(videoId: number): Promise<void> {
  const online = async () => {
    const detail = await describe(videoId);
    return detail.video.status === 'online' ? detail : null;
  };
  const { video, sources } = await waitFor('the video is online', online, LONG);
  assert.equal(sources.length, 4);
  for (const { url } of sources) {
    assert.deepEqual(await verifyPlayback(url, video.duration ?? 0), { frames: SECONDS * FILM_RATE });
  }
}

/** How many of the video's tasks were tried again, says the database. */
async function countRetries(videoId: number): Promise<string> {
  const mysql = await farm.container('mysql');
  const query = `SELECT COUNT(*) FROM tasks WHERE video_id = ${videoId} AND attempt > 0`;
  const ask = `MYSQL_PWD="$MYSQL_PASSWORD" mysql -u reelmill reelmill -N -e '${query}'`;
  return (await farm.exec(mysql, ['sh', '-c', ask])).trim();
}
