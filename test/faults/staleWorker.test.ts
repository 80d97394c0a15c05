import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { objectKeys, videoFolder } from '@reelmill/shared/core/objectKeys.ts';
import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import type { Models } from '../../server/src/db/models.ts';
import type { VideoRow } from '../../server/src/db/rows.ts';
import { type ApiUser, DocumentedApi } from '../support/apiClient.ts';
import { findEmbeddedWorkers } from '../support/childProcesses.ts';
import { openDistributed } from '../support/distributed.ts';
import { makeFilm } from '../support/films.ts';
import { startHoldingProxy } from '../support/holdingProxy.ts';
import { makeTemporaryFolder, type TemporaryFolder, waitFor } from '../support/processes.ts';
import { hashObject, listKeys, listPublishedKeys } from '../support/publishedVideo.ts';
import { startTestServer } from '../support/server.ts';
import { beginSingle, complete, put } from '../support/uploads.ts';

const TRANSCODE_MS = 300_000;

let folder: TemporaryFolder;
let film: Uint8Array<ArrayBuffer>;
before(async () => {
  folder = await makeTemporaryFolder('stale');
  film = new Uint8Array(await readFile(await makeFilm(folder.path, { seconds: 12, size: '320x180' })));
});
after(() => folder.remove());

interface System {
  store: ObjectStore;
  models: Models;
}

async function upload(user: ApiUser): Promise<number> {
  const { videoId, url } = await beginSingle(user);
  assert.equal(await put(url, film), 200);
  assert.equal((await complete(user, videoId)).status, 202);
  return videoId;
}

const untilOnline = ({ models }: System, videoId: number): Promise<VideoRow> =>
  waitFor(
    `video ${videoId} is online`,
    async () => {
      const video = await models.Video.findByPk(videoId, { rejectOnEmpty: true });
      assert.equal(video.errorDiagnostics, null);
      return video.status === 'online' ? video : null;
    },
    { timeoutMs: TRANSCODE_MS, pollMs: 200 },
  );

const keysOf = ({ store }: System, video: VideoRow) =>
  listKeys(store, objectKeys.processedPrefix(videoFolder(video)));

/** What players may be sent to, sorted. */
async function publishedKeys({ store }: System, video: VideoRow): Promise<string[]> {
  const { coverKey, storyboardKey } = video;
  assert.ok(coverKey !== null && storyboardKey !== null);
  const pictures = [coverKey, storyboardKey, objectKeys.storyboardSprite(storyboardKey)];
  return [...(await listPublishedKeys(store, videoFolder(video))), ...pictures].sort();
}

/** The content of every published object, and when it was written. */
async function describeObjects(system: System, video: VideoRow): Promise<string[]> {
  const keys = await publishedKeys(system, video);
  return Promise.all(
    keys.map(async (key) => {
      const written = (await system.store.stat(key))?.lastModified.toISOString();
      return `${key} ${written} ${await hashObject(system.store, key)}`;
    }),
  );
}

/** As if the minute after the video's end had passed. */
async function untilCleanedUp(system: System, video: VideoRow): Promise<void> {
  await system.models.Video.update({ cleanAfter: new Date() }, { where: { id: video.id }, silent: true });
  const published = await publishedKeys(system, video);
  await waitFor(
    'nothing but the published objects is left',
    async () => (await keysOf(system, video)).join('\n') === published.join('\n'),
    { timeoutMs: 60_000, pollMs: 250 },
  ).catch(async (error: unknown) => {
    assert.deepEqual(await keysOf(system, video), published);
    throw error;
  });
}

test('a worker that wakes after its task was taken over changes nothing that is published, and nothing is left', async () => {
  const farm = await openDistributed({ env: { CHUNK_SECONDS: '5' } });
  const system = { store: farm.store, models: farm.database.models };
  const proxy = await startHoldingProxy(farm.serverEnv.S3_ENDPOINT ?? '', (key) =>
    /\/hls_\d+p\/seg_/.test(key),
  );
  try {
    const server = await farm.startServer();
    const user = await (await DocumentedApi.of(server.url)).signUp('stale');
    const videoId = await upload(user);
    const doomed = await farm.startWorker('doomed');
    const isEncoding = async () => {
      const tasks = await farm.tasksOf(videoId);
      return tasks.some(
        ({ state, kind, segmentsDone }) => kind === 'encode' && (state === 'running' || segmentsDone > 0),
      );
    };
    await waitFor('a worker encodes', isEncoding, { timeoutMs: TRANSCODE_MS });
    await doomed.kill();
    const stale = await farm.startWorker('stale', { S3_ENDPOINT: proxy.url });
    await waitFor('a segment is on its way', () => proxy.held.length > 0, { timeoutMs: TRANSCODE_MS });
    process.kill(stale.pid, 'SIGSTOP');
    const fresh = await farm.startWorker('fresh');
    const video = await untilOnline(system, videoId);
    const before = await describeObjects(system, video);
    assert.ok(before.length > 10, before.join('\n'));

    const late = proxy.held.map((path) => path.split('/').slice(2).join('/'));
    await proxy.deliver();
    process.kill(stale.pid, 'SIGCONT');
    // it is told to stop, or takes its task for done
    await stale.waitForLine(/"kind":"encode".*"msg":"task ended"/, 120_000);
    const keys = await keysOf(system, video);
    assert.ok(late.length > 0 && late.every((key) => keys.includes(key)), late.join());
    assert.deepEqual(await describeObjects(system, video), before);
    await untilCleanedUp(system, video);
    assert.deepEqual(await describeObjects(system, video), before);
    for (const { exit, lastLines } of [server.process, stale, fresh]) assert.equal(exit, null, lastLines());
  } finally {
    await proxy.close();
    await farm.dispose();
  }
});

test('workers that are killed again and again leave exactly what is published, on a disk', async () => {
  const server = await startTestServer({ env: { EMBEDDED_WORKER: 'true', CHUNK_SECONDS: '5' } });
  const system = { store: server.context.store, models: server.context.database.models };
  try {
    const user = await (await DocumentedApi.of(server.url)).signUp('disk');
    const videoId = await upload(user);
    const killed: number[] = [];
    while (killed.length < 2) {
      const pid = await waitFor(
        'a worker encodes',
        async () => {
          const [worker] = await findEmbeddedWorkers(process.pid);
          const open = { videoId, state: 'running' as const, kind: 'encode' as const };
          const runs = (await system.models.Task.count({ where: open })) > 0;
          return worker !== undefined && !killed.includes(worker) && runs ? worker : null;
        },
        { timeoutMs: TRANSCODE_MS },
      );
      process.kill(pid, 'SIGKILL');
      killed.push(pid);
      await waitFor('its task is requeued', async () => {
        const tasks = await system.models.Task.findAll({ where: { videoId } });
        return tasks.every(({ state }) => state !== 'running');
      });
    }
    const video = await untilOnline(system, videoId);
    const tasks = await system.models.Task.findAll({ where: { videoId } });
    assert.ok(tasks.some(({ deliveries }) => deliveries > 1));
    await untilCleanedUp(system, video);
  } finally {
    await server.stop();
  }
});
