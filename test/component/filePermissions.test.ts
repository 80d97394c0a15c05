import assert from 'node:assert/strict';
import { chmod, chown, lstat, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { videoDetailSchema } from '@reelmill/shared/contracts/videos.ts';
import { restrictToOwner } from '@reelmill/shared/runtime/filePermissions.ts';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import { claimWorkFolder, releaseWorkFolder } from '@reelmill/worker/scratch/workerFolder.ts';
import { DocumentedApi } from '../support/apiClient.ts';
import { makeFilm } from '../support/films.ts';
import { findOpen } from '../support/openFiles.ts';
import { makeTemporaryFolder, startProcess, type TemporaryFolder, waitFor } from '../support/processes.ts';
import { type ServerProcess, startServerProcess } from '../support/server.ts';
import { beginMultipart, beginSingle, complete, put } from '../support/uploads.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const BACKUP = path.join(ROOT, 'server/src/backup/main.ts');
const PART = 16 * 1024 ** 2;
const logger = createLogger({ level: 'silent', name: 'test' });

describe('a standalone installation under the usual umask', { timeout: 300_000 }, () => {
  let folder: TemporaryFolder;
  let dataDir: string;
  let backupDir: string;
  let server: ServerProcess;
  const umask = process.umask(0o022);
  before(async () => {
    folder = await makeTemporaryFolder('modes');
    dataDir = path.join(folder.path, 'data');
    backupDir = path.join(folder.path, 'backup');
    server = await start();
  });
  after(async () => {
    await server?.stop();
    process.umask(umask);
    await folder?.remove();
  });

  const start = (): Promise<ServerProcess> =>
    startServerProcess({ REELMILL_PROFILE: 'standalone', REELMILL_DATA: dataDir, CHUNK_SECONDS: '5' });
  const backUp = async (): Promise<void> => {
    const backup = startProcess(process.execPath, [BACKUP, 'backup', backupDir], {
      env: { REELMILL_PROFILE: 'standalone', REELMILL_DATA: dataDir },
      name: 'backup',
    });
    assert.equal((await backup.waitForExit(60_000)).code, 0, backup.lastLines());
  };

  test('keeps everything it makes to its user, at every moment', async () => {
    const user = await (await DocumentedApi.of(server.url)).signUp('ann');
    const film = await readFile(
      await makeFilm(path.join(folder.path, 'film'), { seconds: 12, size: '320x240' }),
    );
    const { videoId, url } = await beginSingle(user);
    assert.equal(await put(url, new Uint8Array(film)), 200);
    const { plan } = await beginMultipart(user, PART + 5);
    assert.equal(await put(plan.urls[1]?.url, new Uint8Array(5)), 200);
    assert.equal((await complete(user, videoId)).status, 202);
    const seen = new Set<string>();
    const open = new Set<string>();
    await waitFor(
      'the video to be online',
      async () => {
        for (const one of await findOpen(dataDir, seen)) open.add(one);
        const { video } = (await user.call('GET', `/videos/${videoId}`)).as(videoDetailSchema);
        assert.equal(video.error, null);
        return video.status === 'online';
      },
      { timeoutMs: 120_000, pollMs: 20 },
    );
    await backUp();
    for (const one of await findOpen(backupDir, seen)) open.add(one);
    assert.deepEqual([...open], []);
    const names = [...seen].map((one) => path.relative(folder.path, one));
    for (const expected of [
      /^data$/,
      /^data\/reelmill\.db$/,
      /^data\/reelmill\.db-wal$/,
      /^data\/reelmill\.db-shm$/,
      /^data\/secrets\.json$/,
      /^data\/objects\/.+\.m4s$/,
      /^data\/objects\/.+\/data$/,
      /^data\/work\/[^/]+\/.+/,
      /^backup\/backup\.json$/,
      /^backup\/secrets\.json$/,
      /^backup\/objects\.db$/,
      /^backup\/database-.+\.sqlite$/,
      /^backup\/objects\/.+\.m4s$/,
    ]) {
      assert.ok(
        names.some((name) => expected.test(name)),
        `${expected} was not among what was looked at`,
      );
    }
  });

  test('closes what an earlier version left open, and says so in one line', async () => {
    await server.stop();
    for (const root of [dataDir, backupDir]) {
      const seen = new Set<string>();
      await findOpen(root, seen);
      for (const one of seen) await chmod(one, (await lstat(one)).isDirectory() ? 0o755 : 0o644);
    }
    server = await start();
    assert.deepEqual(await findOpen(dataDir, new Set()), []);
    const said = server.process
      .lastLines()
      .split('\n')
      .filter((line) => line.includes('data folder'));
    assert.equal(said.length, 1, said.join('\n'));
    assert.match(said[0] ?? '', /data folder closed to other users/);
    await backUp();
    assert.deepEqual(await findOpen(backupDir, new Set()), []);

    await server.stop();
    server = await start();
    assert.doesNotMatch(server.process.lastLines(), /data folder/);
  });
});

describe('closing a folder to others', () => {
  let folder: TemporaryFolder;
  before(async () => {
    folder = await makeTemporaryFolder('closing');
  });
  after(() => folder?.remove());
  const modeOf = async (...names: string[]): Promise<number> =>
    (await lstat(path.join(folder.path, ...names))).mode & 0o7777;

  test('leaves alone what is not its own, a link, and the mode of a folder that others share', async () => {
    const place = (...names: string[]): string => path.join(folder.path, 'shared', ...names);
    await mkdir(place('own'), { recursive: true });
    await mkdir(place('program'));
    await writeFile(place('own', 'tool'), '');
    await writeFile(place('foreign'), '');
    for (const [name, mode] of [
      ['own', 0o755],
      ['own/tool', 0o755],
      ['foreign', 0o644],
    ] as const) {
      await chmod(place(name), mode);
    }
    await chmod(place(), 0o1777);
    await symlink(place('foreign'), place('own', 'link'));
    const isOwn = (name: string): boolean => name === 'own';
    assert.deepEqual(await restrictToOwner(place(), isOwn), { changed: 2, foreign: ['foreign', 'program'] });
    assert.deepEqual(
      [await modeOf('shared'), await modeOf('shared', 'own'), await modeOf('shared', 'own', 'tool')],
      [0o1777, 0o700, 0o700],
    );
    assert.equal(await modeOf('shared', 'foreign'), 0o644);
    assert.deepEqual((await restrictToOwner(place(), isOwn)).changed, 0);
    assert.deepEqual(await restrictToOwner(place('nowhere'), isOwn), { changed: 0, foreign: [] });
  });

  test('is completed by the next run where it was interrupted', async () => {
    const place = path.join(folder.path, 'interrupted');
    await mkdir(path.join(place, 'objects', 'a'), { recursive: true });
    await writeFile(path.join(place, 'objects', 'a', 'b'), '');
    await chmod(path.join(place, 'objects', 'a', 'b'), 0o644);
    await chmod(path.join(place, 'objects', 'a'), 0o755);
    await chmod(path.join(place, 'objects'), 0o755);
    // the outermost is closed first
    await chmod(place, 0o700);
    assert.equal((await restrictToOwner(place, () => true)).changed, 3);
    assert.deepEqual(await findOpen(place, new Set()), []);
  });
});

test('a worker refuses a work folder that another user has made', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('only root can give a folder to somebody else');
  const folder = await makeTemporaryFolder('foreign');
  try {
    await chown(folder.path, 65534, 65534);
    await assert.rejects(claimWorkFolder(folder.path, 'w', logger), /belongs to another user/);
    await chown(folder.path, 0, 0);
    const claimed = await claimWorkFolder(folder.path, 'w', logger);
    assert.equal((await lstat(claimed)).mode & 0o777, 0o700);
    await releaseWorkFolder(claimed, logger);
  } finally {
    await folder.remove();
  }
});
