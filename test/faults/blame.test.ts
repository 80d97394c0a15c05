import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { Farm } from '@reelmill/shared/contracts/admin.ts';
import { farmSchema } from '@reelmill/shared/contracts/admin.ts';
import { type Video, videoDetailSchema } from '@reelmill/shared/contracts/videos.ts';
import { createAmqpQueue } from '@reelmill/shared/drivers/amqpQueue.ts';
import { CleanupStack } from '@reelmill/shared/runtime/cleanupStack.ts';
import { FarmFault, MediaFault } from '@reelmill/shared/runtime/errors.ts';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import { runTask } from '@reelmill/worker/tasks/runTask.ts';
import type { RunTask } from '@reelmill/worker/tasks/taskAttempt.ts';
import { startWorker } from '@reelmill/worker/worker.ts';
import { type ApiUser, DocumentedApi } from '../support/apiClient.ts';
import { startBrowser } from '../support/browser.ts';
import { logInAs, runReelmill } from '../support/cli.ts';
import { type Distributed, openDistributed } from '../support/distributed.ts';
import { makeFilm } from '../support/films.ts';
import { makeTemporaryFolder, type TemporaryFolder, waitFor } from '../support/processes.ts';
import { useRabbitMq } from '../support/rabbitmq.ts';
import type { ServerProcess } from '../support/server.ts';
import { ADMIN } from '../support/standaloneProfile.ts';
import { beginSingle, complete, put } from '../support/uploads.ts';

const TRANSCODE_MS = 120_000;
const cleanupStack = new CleanupStack();
let folder: TemporaryFolder;
let farm: Distributed;
let server: ServerProcess;
let owner: ApiUser;
let admin: ApiUser;
let film: Uint8Array<ArrayBuffer>;

before(async () => {
  folder = await makeTemporaryFolder('blame');
  cleanupStack.add('folder', () => folder.remove());
  const rabbitmq = await useRabbitMq();
  cleanupStack.add('RabbitMQ', () => rabbitmq.dispose());
  const env = { TASK_ATTEMPTS: '1', ADMIN_EMAIL: ADMIN.email, ADMIN_PASSWORD: ADMIN.password };
  farm = await openDistributed({ amqpUrl: rabbitmq.url, env });
  cleanupStack.add('farm', () => farm.dispose());
  server = await farm.startServer();
  const api = await DocumentedApi.of(server.url);
  [owner, admin] = [await api.signUp('owner'), await api.logIn(ADMIN)];
  film = new Uint8Array(await readFile(await makeFilm(folder.path, { seconds: 1, size: '320x180' })));
});
after(() => cleanupStack.release());

/** How each of the two workers does its tasks. */
const behaviour: Record<'one' | 'two', RunTask> = { one: runTask, two: runTask };

/** A worker of this process on the real broker and store; it is there until the end. */
async function addWorker(workerId: 'one' | 'two'): Promise<void> {
  const { AMQP_URL: url = '', TASK_QUEUE: taskQueue = '' } = farm.serverEnv;
  const logger = createLogger({ level: 'silent', name: 'worker' });
  const queue = createAmqpQueue({ url, taskQueue, role: 'worker', logger });
  cleanupStack.add('queue', () => queue.close());
  const config = { workerId, workDir: path.join(folder.path, 'work'), threads: 1, drainSeconds: 0 };
  const run: RunTask = (message, context) => behaviour[workerId](message, context);
  const worker = await startWorker({ queue, store: farm.store, logger, config, runTask: run });
  cleanupStack.add(workerId, () => worker.stop());
}

const untilAlive = (workerIds: string[]) =>
  waitFor('the server knows its workers', async () => {
    const { workers } = await readFarm();
    const alive = workers.filter(({ state }) => state === 'idle').map(({ worker_id: id }) => id);
    return workerIds.every((id) => alive.includes(id));
  });
const readFarm = async (): Promise<Farm> => (await admin.call('GET', '/admin/farm')).as(farmSchema);

async function upload(bytes: Uint8Array<ArrayBuffer>): Promise<number> {
  const { videoId, url } = await beginSingle(owner);
  assert.equal(await put(url, bytes), 200);
  assert.equal((await complete(owner, videoId)).status, 202);
  return videoId;
}

const videoOf = async (id: number): Promise<Video> =>
  (await owner.call('GET', `/videos/${id}`)).as(videoDetailSchema).video;

const until = (id: number, what: string, condition: (video: Video) => boolean) =>
  waitFor(
    what,
    async () => {
      const video = await videoOf(id);
      return condition(video) ? video : null;
    },
    { timeoutMs: TRANSCODE_MS, pollMs: 100 },
  );
const untilEnded = (id: number) =>
  until(id, `video ${id} has ended`, ({ status }) => status === 'online' || status === 'failed');

test('a task whose worker has no space waits, is shown as waiting, and goes to another worker', async () => {
  behaviour.one = async () => {
    throw new FarmFault('disk_full', 'The worker has no space left.');
  };
  await addWorker('one');
  await untilAlive(['one']);
  const id = await upload(film);
  const waiting = await until(id, 'the video waits', (video) => video.waiting !== null);
  assert.deepEqual([waiting.status, waiting.waiting?.reason_code], ['transcoding', 'disk']);
  const [task] = (await readFarm()).waiting;
  assert.deepEqual([task?.video_id, task?.attempt, task?.error?.code], [id, 0, 'disk_full']);
  const config = path.join(folder.path, 'waiting');
  await logInAs(config, server.url, 'owner');
  assert.match((await runReelmill(config, ['list'])).stdout, / %, waiting for disk space/);

  await addWorker('two');
  const online = await untilEnded(id);
  assert.deepEqual([online.status, online.waiting], ['online', null]);
  const tasks = await farm.tasksOf(id);
  assert.ok(tasks.every(({ attempt, workerId }) => attempt === 0 && workerId === 'two'));
});

test('a worker that calls every file and all sound damaged takes no video from its creator', async () => {
  const said = new Set<string>();
  behaviour.one = async ({ spec }) => {
    said.add(spec.kind);
    throw new MediaFault('undecodable', 'It is damaged.');
  };
  await untilAlive(['one', 'two']);
  const id = await upload(film);
  const { status, notices } = await untilEnded(id);
  assert.deepEqual([status, notices], ['online', []]);
  assert.ok(said.size > 0, 'the liar had no task');
  const tasks = await farm.tasksOf(id);
  assert.ok(tasks.every(({ attempt, workerId }) => attempt === 0 && workerId === 'two'));
});

test('a file that is no video fails within seconds, by the word of two workers', async () => {
  behaviour.one = runTask;
  await untilAlive(['one', 'two']);
  const id = await upload(new Uint8Array(Buffer.from('hello '.repeat(1_000))));
  const { status, error } = await untilEnded(id);
  assert.deepEqual([status, error?.code], ['failed', 'not_a_video']);
  const [task] = await farm.tasksOf(id);
  const judges = [task?.verdicts?.[0]?.workerId, task?.workerId].toSorted();
  assert.deepEqual(judges, ['one', 'two']);
});

test('sound that two workers refuse is left out, and the owner sees it in every place', async () => {
  const asked: string[] = [];
  const deaf =
    (name: string): RunTask =>
    async (message, context) => {
      const { spec, tag } = message;
      if (spec.kind !== 'audio') return runTask(message, context);
      asked.push(name);
      return { kind: 'audio', rendition: null, ...(tag === undefined ? {} : { tag }) };
    };
  Object.assign(behaviour, { one: deaf('one'), two: deaf('two') });
  const id = await upload(film);
  const { status, notices } = await untilEnded(id);
  assert.equal(status, 'online');
  assert.deepEqual(
    notices.map(({ code, reason }) => [code, reason]),
    [['audio_left_out', 'undecodable']],
  );
  assert.deepEqual(asked.toSorted(), ['one', 'two']);

  const config = path.join(folder.path, 'notice');
  await logInAs(config, server.url, 'owner');
  for (const args of [['list'], ['status', String(id)]]) {
    assert.match((await runReelmill(config, args)).stdout, /online \(This video has no sound: /);
  }
  await owner.call('PATCH', `/videos/${id}`, { body: { visibility: 'public' } });
  const guest = await (await fetch(`${server.url}/api/v1/videos/${id}`)).text();
  assert.doesNotMatch(guest, /notice|audio_left_out/);

  const browser = await startBrowser();
  cleanupStack.add('browser', () => browser.close());
  const { watch_url } = await videoOf(id);
  const { page } = await browser.open(watch_url);
  await page.getByRole('heading', { name: 'film' }).waitFor();
  assert.equal(await page.locator('#notices').isVisible(), false, 'a guest is not told');
  await owner.call('PATCH', `/videos/${id}`, { body: { visibility: 'private' } });
  const { page: own } = await browser.open(`${server.url}/watch/${id}`);
  await own.getByLabel('E-mail').fill(owner.email);
  await own.getByLabel('Password').fill('password of owner');
  await own.getByRole('button', { name: 'Sign in' }).click();
  await own.getByText('This video has no sound: the audio in its file could not be decoded.').waitFor();
});
