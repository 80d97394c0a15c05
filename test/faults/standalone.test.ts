import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { videoDetailSchema } from '@reelmill/shared/contracts/videos.ts';
import { DocumentedApi } from '../support/apiClient.ts';
import { makeFilm } from '../support/films.ts';
import { findFreePort, makeTemporaryFolder, type TemporaryFolder, waitFor } from '../support/processes.ts';
import { type ServerProcess, startServerProcess } from '../support/server.ts';
import { beginSingle, complete, put } from '../support/uploads.ts';

let folder: TemporaryFolder;
let server: ServerProcess | undefined;

before(async () => {
  folder = await makeTemporaryFolder('standalone');
});
after(async () => {
  await server?.stop();
  await folder.remove();
});

test('a standalone server that is killed in the middle goes on when it restarts', async () => {
  const dataDir = path.join(folder.path, 'data');
  const env = { REELMILL_DATA: dataDir, PORT: String(await findFreePort()) };
  const film = await makeFilm(folder.path, { seconds: 30, size: '640x360' });
  server = await startServerProcess(env);
  const user = await (await DocumentedApi.of(server.url)).signUp('standalone');
  const { videoId, url } = await beginSingle(user);
  assert.equal(await put(url, new Uint8Array(await readFile(film))), 200);
  assert.equal((await complete(user, videoId)).status, 202);
  const detail = async () => (await user.call('GET', `/videos/${videoId}`)).as(videoDetailSchema);

  const before = await waitFor('the encode is in progress', async () => {
    const { video } = await detail();
    assert.equal(video.error, null);
    return video.phase === 'encoding' && video.progress > 2 ? video : null;
  });
  await server.process.kill();

  server = await startServerProcess(env);
  const resumed = (await detail()).video;
  assert.ok(resumed.progress >= before.progress, `${resumed.progress} after ${before.progress}`);
  const online = await waitFor(
    'the video is online',
    async () => {
      const { video, sources } = await detail();
      assert.equal(video.error, null);
      return video.status === 'online' ? { video, sources } : null;
    },
    { timeoutMs: 180_000, pollMs: 250 },
  );
  assert.ok(Math.abs((online.video.duration ?? 0) - 30) < 0.05);
  assert.equal(online.sources.length, 2);

  await server.stop();
  assert.equal(server.process.exit?.code, 0, server.process.lastLines());
  const left = await readdir(path.join(dataDir, 'work'), { recursive: true, withFileTypes: true });
  assert.deepEqual(
    left.map(({ name }) => name),
    [],
  );
});
