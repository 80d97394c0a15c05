import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { farmSchema } from '@reelmill/shared/contracts/admin.ts';
import { type ApiUser, DocumentedApi } from '../support/apiClient.ts';
import { type Distributed, openDistributed } from '../support/distributed.ts';
import { makeFilm } from '../support/films.ts';
import { makeTemporaryFolder, type TemporaryFolder, waitFor } from '../support/processes.ts';
import type { ServerProcess } from '../support/server.ts';
import { ADMIN } from '../support/standaloneProfile.ts';
import { beginSingle, complete, put } from '../support/uploads.ts';

const ATTEMPTS = 2;
const TRANSCODE_MS = 300_000;

let folder: TemporaryFolder;
let farm: Distributed;
let server: ServerProcess;

before(async () => {
  folder = await makeTemporaryFolder('lost-workers');
  farm = await openDistributed({
    env: {
      TASK_ATTEMPTS: String(ATTEMPTS),
      CHUNK_SECONDS: '60',
      ADMIN_EMAIL: ADMIN.email,
      ADMIN_PASSWORD: ADMIN.password,
    },
  });
  server = await farm.startServer();
});
after(async () => {
  await farm?.dispose();
  await folder.remove();
});

async function upload(user: ApiUser, film: Uint8Array<ArrayBuffer>): Promise<number> {
  const { videoId, url } = await beginSingle(user);
  assert.equal(await put(url, film), 200);
  assert.equal((await complete(user, videoId)).status, 202);
  return videoId;
}

const untilOnline = (videoId: number) =>
  waitFor(
    `video ${videoId} is online`,
    async () => {
      const { status, errorCode } = await farm.videoOf(videoId);
      assert.equal(errorCode, null);
      return status === 'online';
    },
    { timeoutMs: TRANSCODE_MS, pollMs: 250 },
  );

test('a task whose worker is killed more often than it may fail goes online all the same', async () => {
  const api = await DocumentedApi.of(server.url);
  const [user, admin] = [await api.signUp('lost'), await api.logIn(ADMIN)];
  const read = async (seconds: number, size: string) =>
    new Uint8Array(await readFile(await makeFilm(folder.path, { seconds, size })));
  const videoId = await upload(user, await read(30, '1280x720'));
  const running = async () => (await farm.tasksOf(videoId)).find(({ state }) => state === 'running');
  const quarantined = async () => (await admin.call('GET', '/admin/farm')).as(farmSchema).quarantined;

  let kills = 0;
  while ((await quarantined()).length === 0) {
    kills += 1;
    assert.ok(kills <= 12, 'no task came into quarantine');
    const worker = await farm.startWorker(`doomed-${kills}`);
    const taken = waitFor('the worker has a task', async () => (await running())?.workerId === worker.name, {
      timeoutMs: TRANSCODE_MS,
    });
    await taken;
    await worker.kill();
    // its connection is closed, so that the queue delivers the task again, here to nobody
    await waitFor('the lease is lost', async () => (await running()) === undefined, { timeoutMs: 120_000 });
  }
  assert.ok(kills > ATTEMPTS, `${kills} kills`);
  const [task] = await quarantined();
  assert.ok(task);
  assert.deepEqual([task.video_id, task.attempt, task.lost_leases], [videoId, 0, 3]);
  assert.ok(Date.parse(task.available_at) > Date.now());

  // whoever works now is not harmed, and does not wait
  const survivor = await farm.startWorker('survivor');
  await untilOnline(await upload(user, await read(2, '320x180')));
  assert.equal((await farm.videoOf(videoId)).status, 'transcoding');

  for (const { task_id: id } of await quarantined()) {
    assert.equal((await admin.call('POST', `/admin/tasks/${id}/retry`)).status, 202);
  }
  await untilOnline(videoId);
  assert.ok((await farm.tasksOf(videoId)).every(({ attempt }) => attempt === 0));
  assert.equal(survivor.exit, null, survivor.lastLines());
  assert.equal(server.process.exit, null, server.process.lastLines());
});

test('a task that a killed worker held goes to another one within seconds', async () => {
  const user = await (await DocumentedApi.of(server.url)).logIn({
    email: 'lost@example.org',
    password: 'password of lost',
  });
  const film = new Uint8Array(await readFile(await makeFilm(folder.path, { seconds: 30, size: '1280x720' })));
  const doomed = await farm.startWorker('doomed');
  const videoId = await upload(user, film);
  const held = await waitFor(
    'the doomed worker has a task',
    async () =>
      (await farm.tasksOf(videoId)).find(
        ({ state, workerId }) => state === 'running' && workerId === 'doomed',
      ),
    { timeoutMs: TRANSCODE_MS },
  );
  await doomed.kill();
  await untilOnline(videoId);
  const task = (await farm.tasksOf(videoId)).find(({ id }) => id === held.id);
  assert.deepEqual([task?.state, task?.attempt, task?.workerId], ['done', 0, 'survivor']);
});
