import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { readinessSchema } from '@reelmill/shared/contracts/health.ts';
import type { TaskState } from '@reelmill/shared/contracts/tasks.ts';
import { videoFolder } from '@reelmill/shared/core/objectKeys.ts';
import { createConnection } from 'mysql2/promise';
import type { VideoRow } from '../../server/src/db/rows.ts';
import { type ApiUser, DocumentedApi } from '../support/apiClient.ts';
import { type Distributed, openDistributed } from '../support/distributed.ts';
import { countFrames, FILM_RATE, makeFilm } from '../support/films.ts';
import { type FlakyProxy, startFlakyProxy } from '../support/flakyProxy.ts';
import { type MariaDb, startMariaDb } from '../support/mariadb.ts';
import {
  makeTemporaryFolder,
  type RunningProcess,
  type TemporaryFolder,
  waitFor,
} from '../support/processes.ts';
import { type RabbitMq, startRabbitMq } from '../support/rabbitmq.ts';
import type { ServerProcess } from '../support/server.ts';
import { beginSingle, complete, put } from '../support/uploads.ts';

const SECONDS = 30;
const SEGMENT_SECONDS = 5;
const TRANSCODE_MS = 180_000;
const DATABASE = 'reelmill_faults';

let folder: TemporaryFolder;
let film: Uint8Array<ArrayBuffer>;
let broker: RabbitMq;
let mariaDb: MariaDb;
let proxy: FlakyProxy;
let farm: Distributed;
let server: ServerProcess;
let worker: RunningProcess;
let user: ApiUser;

before(async () => {
  folder = await makeTemporaryFolder('faults');
  film = new Uint8Array(await readFile(await makeFilm(folder.path, { seconds: SECONDS, size: '640x360' })));
  [broker, mariaDb] = await Promise.all([startRabbitMq(), startMariaDb()]);
  await createDatabase();
  farm = await openDistributed({
    mysqlUrl: `${mariaDb.url}/${DATABASE}`,
    amqpUrl: broker.url,
    env: { METRICS_TOKEN: randomBytes(16).toString('hex') },
    storeProxy: async (endpoint) => {
      proxy = await startFlakyProxy(endpoint);
      return proxy;
    },
  });
  server = await farm.startServer();
  worker = await farm.startWorker('steady');
  user = await (await DocumentedApi.of(server.url)).signUp('faults');
});

after(async () => {
  await farm?.dispose();
  await Promise.all([broker?.dispose(), mariaDb?.dispose()]);
  await folder.remove();
});

async function createDatabase(): Promise<void> {
  const connection = await createConnection(mariaDb.url);
  await connection.query(`CREATE DATABASE ${DATABASE} CHARACTER SET utf8mb4`);
  await connection.end();
}

/** Uploads the film; its transcode has begun when this resolves. */
async function upload(): Promise<number> {
  const { videoId, url } = await beginSingle(user);
  assert.equal(await put(url, film), 200);
  assert.equal((await complete(user, videoId)).status, 202);
  return videoId;
}

const untilEncode = (videoId: number, state: TaskState) =>
  waitFor(
    `a chunk of ${videoId} is ${state}`,
    async () => (await farm.tasksOf(videoId)).find((task) => task.kind === 'encode' && task.state === state),
    { timeoutMs: TRANSCODE_MS },
  );

const untilStatus = (videoId: number, status: VideoRow['status']) =>
  waitFor(
    `video ${videoId} is ${status}`,
    async () => {
      const video = await farm.videoOf(videoId);
      assert.equal(video.errorDiagnostics, null);
      return video.status === status ? video : null;
    },
    { timeoutMs: TRANSCODE_MS, pollMs: 200 },
  );

/** Nobody was started again, and the video is whole. */
async function assertUnharmed(videoId: number): Promise<void> {
  assert.equal(server.process.exit, null, server.process.lastLines());
  assert.equal(worker.exit, null, worker.lastLines());
  const video = await untilStatus(videoId, 'online');
  const smallest = video.plan?.renditions.at(-1)?.quality ?? '';
  const rendition = {
    videoFolder: videoFolder(video),
    quality: smallest,
    segments: SECONDS / SEGMENT_SECONDS,
  };
  assert.equal(await countFrames(farm.store, folder.path, rendition), SECONDS * FILM_RATE);
}

test('a broker that stops for a while loses nothing and needs no restart', async () => {
  const running = await upload();
  await untilEncode(running, 'running');
  await broker.stop();
  // an upload that is completed meanwhile is accepted and waits
  const waiting = await upload();
  assert.equal((await farm.videoOf(waiting)).status, 'transcoding');
  const token = farm.serverEnv.METRICS_TOKEN;
  await waitFor('the server says that the broker is away, and serves', async () => {
    const answer = await fetch(`${server.url}/readyz`, { headers: { authorization: `Bearer ${token}` } });
    const { degraded } = readinessSchema.parse(await answer.json());
    return answer.status === 200 && degraded?.join() === 'queue';
  });
  await broker.start();
  await assertUnharmed(running);
  await assertUnharmed(waiting);
});

test('a store that is away makes tasks wait, not fail', async () => {
  const videoId = await upload();
  await untilEncode(videoId, 'running');
  proxy.setFaults(() => ({ cutAfterBytes: 0 }));
  proxy.cutAll();
  // its reader waits for the store before it says that the source cannot be reached
  await waitFor(
    'the worker stops taking tasks',
    async () => {
      const row = await farm.database.models.Worker.findByPk('steady');
      return row?.state === 'sick';
    },
    { timeoutMs: TRANSCODE_MS },
  );
  proxy.setFaults(() => undefined);
  await assertUnharmed(videoId);
  const tasks = await farm.tasksOf(videoId);
  assert.ok(tasks.every(({ attempt }) => attempt === 0));
  assert.ok(tasks.some(({ farmFaults }) => farmFaults > 0));
});

test('without its database the server reports so and recovers', async () => {
  const videoId = await upload();
  await untilEncode(videoId, 'running');
  await mariaDb.stop();
  const answer = await waitFor(
    'an answer that names no cause',
    async () => {
      const response = await user.call('GET', '/videos');
      return response.status === 503 ? response : null;
    },
    { timeoutMs: 60_000 },
  );
  assert.equal(answer.error.code, 'unavailable');
  assert.ok(Number(answer.headers.get('retry-after')) > 0);
  await mariaDb.start();
  await assertUnharmed(videoId);
  assert.equal((await user.call('GET', '/videos')).status, 200);
});

test('a cancel ends the running ffmpeg', async () => {
  const videoId = await upload();
  await untilEncode(videoId, 'running');
  await waitFor('ffmpeg runs', async () => (await childrenOf(worker.pid)).includes('ffmpeg'));
  assert.equal((await user.call('POST', `/videos/${videoId}/cancel`)).status, 200);
  await waitFor('ffmpeg is gone', async () => !(await childrenOf(worker.pid)).includes('ffmpeg'), {
    timeoutMs: 10_000,
  });
  assert.equal((await farm.videoOf(videoId)).status, 'canceled');
});

test('a worker that is asked to stop releases its task to another', async () => {
  const leaving = await farm.startWorker('leaving');
  const videoId = await upload();
  const handedBack = await waitFor(
    'the leaving worker has a task',
    async () =>
      (await farm.tasksOf(videoId)).find((task) => task.workerId === 'leaving' && task.state === 'running'),
    { timeoutMs: TRANSCODE_MS },
  );
  await leaving.stop(30_000);
  assert.equal(leaving.exit?.code, 0, leaving.lastLines());
  await assertUnharmed(videoId);
  const task = (await farm.tasksOf(videoId)).find(({ id }) => id === handedBack.id);
  assert.deepEqual([task?.state, task?.attempt], ['done', 0]);
});

test('a server that is killed leaves its results to the next one', async () => {
  const videoId = await upload();
  await untilEncode(videoId, 'running');
  await server.process.kill();
  await waitFor('the worker has finished something meanwhile', () =>
    /"kind":"done"/.test(worker.lastLines()),
  );
  server = await farm.startServer();
  await assertUnharmed(videoId);
  const tasks = await farm.tasksOf(videoId);
  assert.deepEqual([...new Set(tasks.map(({ state }) => state))], ['done']);
});

/** Names of the programs that a process has started and that still run. */
async function childrenOf(pid: number): Promise<string[]> {
  const names: string[] = [];
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => null);
    const [, name, state, parent] = /^\d+ \((.*)\) (\S) (\d+)/.exec(stat ?? '') ?? [];
    if (Number(parent) === pid && name !== undefined && state !== 'Z') names.push(name);
  }
  return names;
}
