import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { videoDetailSchema } from '@reelmill/shared/contracts/videos.ts';
import { videoFolder } from '@reelmill/shared/core/objectKeys.ts';
import { DocumentedApi } from '../support/apiClient.ts';
import { type Distributed, openDistributed } from '../support/distributed.ts';
import { countFrames, FILM_RATE, makeFilm } from '../support/films.ts';
import {
  makeTemporaryFolder,
  type RunningProcess,
  type TemporaryFolder,
  waitFor,
} from '../support/processes.ts';
import { beginSingle, complete, put } from '../support/uploads.ts';

const SECONDS = 60;
const SEGMENTS = SECONDS / 5;
const TRANSCODE_MS = 240_000;

let folder: TemporaryFolder;
let farm: Distributed;
let servers: string[];
const workers = new Map<string, RunningProcess>();

before(async () => {
  folder = await makeTemporaryFolder('film');
  farm = await openDistributed();
  // started at the same moment: both bring the schema up to date
  servers = (await Promise.all([farm.startServer(), farm.startServer()])).map(({ url }) => url);
  await Promise.all(
    ['worker-a', 'worker-b', 'worker-c'].map(async (id) => workers.set(id, await farm.startWorker(id))),
  );
});
after(async () => {
  await farm.dispose();
  await folder.remove();
});

test('three workers share one video; one is killed in the middle, and nothing is missing or doubled', async () => {
  const [first, second] = await Promise.all(servers.map((url) => DocumentedApi.of(url)));
  assert.ok(first && second);
  const user = await first.signUp('distributed');
  const film = await makeFilm(folder.path, { seconds: SECONDS, size: '1280x720' });
  const { videoId, url } = await beginSingle(user);
  assert.equal(await put(url, new Uint8Array(await readFile(film))), 200);
  assert.equal((await complete(user, videoId)).status, 202);

  const encodes = async () => (await farm.tasksOf(videoId)).filter(({ kind }) => kind === 'encode');
  const victim = await waitFor(
    'every worker has done a chunk, and one is in the middle of another',
    async () => {
      const tasks = await encodes();
      const done = new Set(tasks.filter(({ state }) => state === 'done').map(({ workerId }) => workerId));
      const running = tasks.find(({ state, unitsDone }) => state === 'running' && unitsDone > 0);
      return [...workers.keys()].every((id) => done.has(id)) ? running : null;
    },
    { timeoutMs: TRANSCODE_MS },
  );
  const killed = victim.workerId ?? '';
  await workers.get(killed)?.kill();

  // the other server answers
  const other = await second.logIn(user);
  const detail = await waitFor(
    'the video is online',
    async () => {
      const answer = (await other.call('GET', `/videos/${videoId}`)).as(videoDetailSchema);
      assert.equal(answer.video.error, null);
      return answer.video.status === 'online' ? answer : null;
    },
    { timeoutMs: TRANSCODE_MS, pollMs: 250 },
  );
  assert.equal(detail.sources.length, 4);

  const again = (await farm.tasksOf(videoId)).find(({ id }) => id === victim.id);
  assert.equal(again?.state, 'done');
  assert.notEqual(again?.workerId, killed);
  const workerOf = new Set((await encodes()).map(({ workerId }) => workerId));
  assert.equal(workerOf.size, 3);

  const own = videoFolder(await farm.videoOf(videoId));
  for (const { quality } of detail.sources) {
    const rendition = { videoFolder: own, quality, segments: SEGMENTS };
    assert.equal(await countFrames(farm.store, folder.path, rendition), SECONDS * FILM_RATE);
  }

  await Promise.all([...workers.values()].map((worker) => worker.stop(30_000)));
  for (const [id, worker] of workers) {
    if (id !== killed) assert.equal(worker.exit?.code, 0, worker.lastLines());
  }
  const left = await readdir(farm.workDir, { withFileTypes: true });
  assert.deepEqual(
    left.filter((entry) => entry.isDirectory() && !entry.name.endsWith(killed)).map(({ name }) => name),
    [],
  );
});
