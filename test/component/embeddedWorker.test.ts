import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { farmSchema } from '@reelmill/shared/contracts/admin.ts';
import { videoDetailSchema } from '@reelmill/shared/contracts/videos.ts';
import { type ApiUser, DocumentedApi } from '../support/apiClient.ts';
import {
  findDescendants,
  findEmbeddedWorkers,
  isRunning,
  readCommandLine,
  readEnvironment,
} from '../support/childProcesses.ts';
import { makeFilm } from '../support/films.ts';
import { HOSTILE_FILES } from '../support/hostileMedia.ts';
import { makeTemporaryFolder, startProcess, type TemporaryFolder, waitFor } from '../support/processes.ts';
import { type ServerProcess, startServerProcess, startTestServer } from '../support/server.ts';
import { ADMIN } from '../support/standaloneProfile.ts';
import { beginSingle, complete, put } from '../support/uploads.ts';

const ENV = { ADMIN_EMAIL: ADMIN.email, ADMIN_PASSWORD: ADMIN.password, CHUNK_SECONDS: '60' };
const TRANSCODE_MS = 300_000;
/** Three for each task of the video, at the very most. */
const MAX_DEATHS = 12;

let folder: TemporaryFolder;
let server: ServerProcess | undefined;

beforeEach(async () => {
  folder = await makeTemporaryFolder('embedded');
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
  await folder.remove();
});

async function start(): Promise<ServerProcess> {
  server = await startServerProcess({ ...ENV, REELMILL_DATA: path.join(folder.path, 'data') });
  return server;
}

/** The one worker of this process's servers, or of a server process. */
const untilWorker = (parentPid: number, not?: number): Promise<number> =>
  waitFor(
    'the embedded worker runs',
    async () => (await findEmbeddedWorkers(parentPid)).find((pid) => pid !== not),
    { timeoutMs: 60_000 },
  );

async function upload(user: ApiUser, film: string): Promise<number> {
  const { videoId, url } = await beginSingle(user);
  assert.equal(await put(url, new Uint8Array(await readFile(film))), 200);
  assert.equal((await complete(user, videoId)).status, 202);
  return videoId;
}

const detailOf = async (user: ApiUser, videoId: number) =>
  (await user.call('GET', `/videos/${videoId}`)).as(videoDetailSchema).video;

const untilOnline = (user: ApiUser, videoId: number) =>
  waitFor(
    `video ${videoId} is online`,
    async () => {
      const video = await detailOf(user, videoId);
      assert.equal(video.error, null);
      return video.status === 'online';
    },
    { timeoutMs: TRANSCODE_MS, pollMs: 250 },
  );

test('a file of half a megabyte that unpacks to more than 2^29 characters fails alone', async () => {
  const { url, process: main } = await start();
  const user = await (await DocumentedApi.of(url)).signUp('unpacked');
  const make = HOSTILE_FILES['title of 2^29 characters in a compressed index'];
  assert.ok(make);
  const worker = await untilWorker(main.pid);
  const hostile = await upload(user, await make(folder.path));
  const failed = await waitFor(
    'the hostile video has failed',
    async () => {
      const video = await detailOf(user, hostile);
      return video.status === 'failed' ? video : null;
    },
    { timeoutMs: TRANSCODE_MS, pollMs: 250 },
  );
  assert.ok(['program_died', 'limits_exceeded', 'not_a_video'].includes(failed.error?.code ?? ''));
  const good = await upload(user, await makeFilm(folder.path, { seconds: 2, size: '320x180' }));
  await untilOnline(user, good);
  assert.equal(main.exit, null);
  assert.equal(await untilWorker(main.pid), worker, 'the worker lives, too');
});

test('a task that kills the worker every time waits in quarantine, and the next video goes online', async () => {
  const { url, process: main } = await start();
  const api = await DocumentedApi.of(url);
  const [user, admin] = [await api.signUp('embedded'), await api.logIn(ADMIN)];
  const farm = async () => (await admin.call('GET', '/admin/farm')).as(farmSchema);
  const poison = await upload(user, await makeFilm(folder.path, { seconds: 40, size: '1280x720' }));

  const untilBusy = () =>
    waitFor(
      'the worker has a task, or none is left to take',
      async () => {
        const { running, quarantined } = await farm();
        return running.length > 0 || quarantined.length > 0;
      },
      { timeoutMs: 120_000 },
    );
  // a short task may end before it is killed, so that another loses the lease
  for (let death = 1; death <= MAX_DEATHS && (await farm()).quarantined.length === 0; death += 1) {
    await untilBusy();
    const pid = await untilWorker(main.pid);
    process.kill(pid, 'SIGKILL');
    await waitFor('the farm view says why', async () => {
      const worker = (await farm()).workers.find(({ worker_id: id }) => id === 'embedded');
      return worker?.state === 'sick' && /its process ended by SIGKILL/.test(worker.reason ?? '');
    });
    await untilWorker(main.pid, pid);
    await waitFor('no lease is left', async () => (await farm()).running.length === 0, {
      timeoutMs: 60_000,
    });
  }

  const [quarantined] = (await farm()).quarantined;
  assert.ok(quarantined);
  assert.deepEqual(
    [quarantined.video_id, quarantined.state, quarantined.lost_leases, quarantined.attempt],
    [poison, 'pending', 3, 0],
  );
  assert.equal((await fetch(`${url}/readyz`)).status, 200);
  const film = await makeFilm(folder.path, { seconds: 2, size: '320x180' });
  await untilOnline(user, await upload(user, film));
  const waiting = await detailOf(user, poison);
  assert.deepEqual([waiting.status, waiting.error], ['transcoding', null]);
  assert.equal(main.exit, null, main.lastLines());
});

test('the worker and its ffmpeg end with a server that is killed', async () => {
  const { url, process: main } = await start();
  const user = await (await DocumentedApi.of(url)).signUp('killed');
  await upload(user, await makeFilm(folder.path, { seconds: 40, size: '1280x720' }));
  const worker = await untilWorker(main.pid);
  const ffmpeg = await waitFor(
    'ffmpeg encodes',
    async () => {
      for (const pid of await findDescendants(worker)) {
        if (/ffmpeg.*libx264/s.test(await readCommandLine(pid))) return pid;
      }
      return null;
    },
    { timeoutMs: 120_000 },
  );
  await main.kill();
  await waitFor('both are gone', async () => !(await isRunning(worker)) && !(await isRunning(ffmpeg)), {
    timeoutMs: 30_000,
  });
  server = undefined;
});

test('arguments and environment of the worker contain no secret', async () => {
  const { process: main } = await start();
  const worker = await untilWorker(main.pid);
  const { secret } = JSON.parse(await readFile(path.join(folder.path, 'data', 'secrets.json'), 'utf8'));
  const visible = `${await readCommandLine(worker)}\n${await readEnvironment(worker)}`;
  assert.ok(!visible.includes(secret) && !visible.includes(ADMIN.password), visible);
  assert.doesNotMatch(visible, /SECRET|PASSWORD|ADMIN_/);
});

test('a worker that hangs is killed and replaced', async () => {
  const { process: main } = await start();
  const worker = await untilWorker(main.pid);
  await main.waitForLine(/this worker takes tasks/, 60_000);
  process.kill(worker, 'SIGSTOP');
  await main.waitForLine(/embedded worker silent, killed/, 120_000);
  await untilWorker(main.pid, worker);
});

test('servers of one process have a worker each, which ends with its server', async () => {
  const servers = [];
  for (let index = 0; index < 2; index += 1) {
    servers.push(await startTestServer({ env: { EMBEDDED_WORKER: 'true' } }));
  }
  const workers = await waitFor('two workers run', async () => {
    const pids = await findEmbeddedWorkers(process.pid);
    return pids.length === 2 ? pids : null;
  });
  // one is stopped while its worker still starts, the other when it takes tasks
  await servers[0]?.stop();
  assert.equal((await findEmbeddedWorkers(process.pid)).length, 1);
  const second = servers[1];
  assert.ok(second);
  await waitFor('the worker takes tasks', () =>
    second.logLines().some((line) => /this worker takes tasks/.test(line) && /worker_pid/.test(line)),
  );
  await second.stop();
  for (const pid of workers) assert.equal(await isRunning(pid), false);
});

test('the program of the worker reports an error when it is started by hand', async () => {
  const program = path.resolve(import.meta.dirname, '../../worker/src/embedded.ts');
  const run = startProcess(process.execPath, [program], { env: {} });
  assert.equal((await run.waitForExit()).code, 1);
  assert.match(run.lastLines(), /is started by the standalone server/);
});
