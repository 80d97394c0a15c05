import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type VideoDetail, videoDetailSchema } from '@reelmill/shared/contracts/videos.ts';
import { verifyPlayback } from '../../scripts/demo/verifyPlayback.ts';
import { type ApiUser, DocumentedApi } from '../support/apiClient.ts';
import { openDistributed } from '../support/distributed.ts';
import { makeFilm } from '../support/films.ts';
import { useMariaDb } from '../support/mariadb.ts';
import { makeTemporaryFolder, startProcess, type TemporaryFolder, waitFor } from '../support/processes.ts';
import { startServerProcess } from '../support/server.ts';
import { beginSingle, complete, put } from '../support/uploads.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const MAIN = path.join(ROOT, 'server/src/backup/main.ts');
const ONLINE_MS = 240_000;

/** Runs the command as an admin does and answers what it said. */
async function run(verb: 'backup' | 'restore', folder: string, env: Readonly<Record<string, string>>) {
  const command = startProcess(process.execPath, [MAIN, verb, folder], {
    env: { ...env },
    cwd: ROOT,
    name: verb,
  });
  const { code } = await command.waitForExit(120_000);
  assert.equal(code, 0, command.lastLines());
  return command.lastLines();
}

describe('backup and restore', () => {
  let folder: TemporaryFolder;
  let short: Uint8Array<ArrayBuffer>;
  let long: Uint8Array<ArrayBuffer>;
  before(async () => {
    folder = await makeTemporaryFolder('backup');
    const film = async (name: string, seconds: number) =>
      new Uint8Array(
        await readFile(await makeFilm(path.join(folder.path, name), { seconds, size: '640x360' })),
      );
    [short, long] = [await film('short', 6), await film('long', 40)];
  });
  after(() => folder?.remove());

  const upload = async (user: ApiUser, bytes: Uint8Array<ArrayBuffer>): Promise<number> => {
    const { videoId, url } = await beginSingle(user);
    assert.equal(await put(url, bytes), 200);
    assert.equal((await complete(user, videoId)).status, 202);
    return videoId;
  };
  const detailOf = async (user: ApiUser, videoId: number): Promise<VideoDetail> => {
    const detail = (await user.call('GET', `/videos/${videoId}`)).as(videoDetailSchema);
    assert.equal(detail.video.error, null);
    return detail;
  };
  const untilOnline = (user: ApiUser, videoId: number): Promise<VideoDetail> =>
    waitFor(
      `video ${videoId} to be online`,
      async () => {
        const detail = await detailOf(user, videoId);
        return detail.video.status === 'online' ? detail : null;
      },
      { timeoutMs: ONLINE_MS, pollMs: 250 },
    );
  /** One video that is online, and one in the middle of its transcode. */
  const prepare = async (url: string) => {
    const user = await (await DocumentedApi.of(url)).signUp('creator');
    const online = await upload(user, short);
    await untilOnline(user, online);
    const underWay = await upload(user, long);
    await waitFor('the encode is in progress', async () => {
      const { video } = await detailOf(user, underWay);
      return video.phase === 'encoding' && video.progress > 2;
    });
    return { user, online, underWay };
  };
  /** Both play on a restored server, the second one without anybody's doing. */
  const check = async (url: string, { user, online, underWay }: Awaited<ReturnType<typeof prepare>>) => {
    const again = await (await DocumentedApi.of(url)).logIn(user);
    for (const [id, seconds] of [
      [online, 6],
      [underWay, 40],
    ] as const) {
      const { video } = await untilOnline(again, id);
      await verifyPlayback(video.playback_url ?? '', seconds);
    }
  };

  test('a standalone installation that is lost comes back from its backup', async (t) => {
    const at = (name: string) => path.join(folder.path, name);
    const env = (data: string) => ({ REELMILL_DATA: at(data), PORT: '0', CHUNK_SECONDS: '5' });
    const server = await startServerProcess(env('data'));
    t.after(() => server.stop());
    const before = await prepare(server.url);
    await run('backup', at('copy'), env('data'));
    assert.equal((await detailOf(before.user, before.underWay)).video.status, 'transcoding');
    await server.process.kill();

    assert.match(await run('restore', at('copy'), env('restored')), /1 transcodes begin anew/);
    const restored = await startServerProcess(env('restored'));
    t.after(() => restored.stop());
    await check(restored.url, before);
  });

  test('so does a farm with MariaDB, RabbitMQ and MinIO, of which nothing but the secrets is left', async (t) => {
    const copy = path.join(folder.path, 'farm');
    const farm = await openDistributed();
    t.after(() => farm.dispose());
    const server = await farm.startServer();
    const worker = await farm.startWorker('worker-a');
    const before = await prepare(server.url);
    await run('backup', copy, farm.serverEnv);
    const again = await run('backup', copy, farm.serverEnv);
    assert.match(again, / [1-9]\d* there before/);
    await Promise.all([server.process.kill(), worker.kill()]);

    // another database, bucket and queue; each farm of a test has a store of its own, so its address goes along
    const database = await useMariaDb();
    t.after(() => database.dispose());
    const { S3_ENDPOINT = '', S3_ACCESS_KEY = '', S3_SECRET_KEY = '', JWT_SECRET = '' } = farm.serverEnv;
    const elsewhere = {
      ...{ S3_ENDPOINT, S3_ACCESS_KEY, S3_SECRET_KEY, JWT_SECRET },
      S3_BUCKET: `reelmill-${randomBytes(4).toString('hex')}`,
      TASK_QUEUE: `tasks-${randomBytes(4).toString('hex')}`,
    };
    const env = { ...farm.serverEnv, ...elsewhere, DATABASE_URL: database.url };
    assert.match(await run('restore', copy, env), /1 transcodes begin anew/);
    const restored = await openDistributed({ mysqlUrl: database.url, env: elsewhere });
    t.after(() => restored.dispose());
    const next = await restored.startServer();
    await restored.startWorker('worker-b');
    await check(next.url, before);
  });
});
