import assert from 'node:assert/strict';
import { readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { videoDetailSchema } from '@reelmill/shared/contracts/videos.ts';
import { objectKeys, videoFolder } from '@reelmill/shared/core/objectKeys.ts';
import { readServerConfig } from '@reelmill/shared/runtime/config.ts';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import { makeBackup } from '../../server/src/backup/makeBackup.ts';
import { ObjectIndex } from '../../server/src/backup/objectIndex.ts';
import { type RestoreStep, restoreBackup } from '../../server/src/backup/restoreBackup.ts';
import { type ApiUser, DocumentedApi } from '../support/apiClient.ts';
import { PretendTranscode } from '../support/pretendTranscode.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/processes.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { beginMultipart, beginSingle, complete, put, uploadSomething } from '../support/uploads.ts';
import { findVideoFolder } from '../support/videoFolders.ts';

const PART = 16 * 1024 ** 2;
const logger = createLogger({ level: 'silent', name: 'test' });

describe('backup and restore of a standalone installation', () => {
  let folder: TemporaryFolder;
  let server: TestServer;
  let user: ApiUser;
  before(async () => {
    folder = await makeTemporaryFolder('backup');
    server = await startTestServer({ dataDir: path.join(folder.path, 'data') });
    user = await (await DocumentedApi.of(server.url)).signUp('ann');
  });
  after(async () => {
    await server?.stop();
    await folder?.remove();
  });

  const configOf = (dataDir: string) => readServerConfig({ REELMILL_DATA: dataDir, PORT: '0' });
  const backUp = (name: string) =>
    makeBackup(configOf(server.dataDir), { folder: path.join(folder.path, name) });
  const restore = (name: string, dataDir: string, steps?: readonly RestoreStep[]) =>
    restoreBackup(configOf(path.join(folder.path, dataDir)), {
      folder: path.join(folder.path, name),
      steps,
      logger,
    });
  const publish = async (): Promise<number> => {
    const videoId = await uploadSomething(user);
    await (await PretendTranscode.plan(server.context, videoId)).publish();
    return videoId;
  };

  test('what was online plays, what was under way begins anew, and people log in', async () => {
    const online = await publish();
    const transcoding = await uploadSomething(user);
    const pretend = await PretendTranscode.plan(server.context, transcoding);
    await pretend.finish('encode');
    const { videoId: large, plan } = await beginMultipart(user, PART + 5);
    for (const [index, size] of [PART, 5].entries()) {
      assert.equal(await put(plan.urls[index]?.url, new Uint8Array(size)), 200);
    }
    assert.equal((await complete(user, large)).status, 202);
    const unfinished = await beginMultipart(user, PART + 5);
    await put(unfinished.plan.urls[1]?.url, new Uint8Array(5));
    const single = await beginSingle(user);
    await put(single.url, new Uint8Array(9));
    const lost = await uploadSomething(user);
    const keyOf = async (id: number) =>
      (await server.context.database.models.Video.findByPk(id, { rejectOnEmpty: true })).sourceKey;
    await server.context.store.remove([await keyOf(lost)]);
    const largeKey = await keyOf(large);

    const { counts, description } = await backUp('first');
    assert.equal(counts.kept, 0);
    assert.equal(description.objects, counts.copied);
    const restored = await restore('first', 'restored');
    assert.deepEqual(
      [restored.sameSecret, restored.reconciled, restored.counts?.copied],
      [true, { restarted: 2, lost: 1 }, counts.copied],
    );
    const secrets = await stat(path.join(folder.path, 'restored', 'secrets.json'));
    assert.equal(secrets.mode & 0o777, 0o600);

    const other = await startTestServer({ dataDir: path.join(folder.path, 'restored') });
    try {
      const api = await DocumentedApi.of(other.url);
      const again = await api.logIn(user);
      const detailOf = async (id: number) =>
        (await again.call('GET', `/videos/${id}`)).as(videoDetailSchema).video;
      const playing = await detailOf(online);
      assert.equal(playing.status, 'online');
      const playlist = await (await fetch(playing.playback_url ?? '')).text();
      const [media] = playlist.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
      const segments = await (await fetch(new URL(media ?? '', playing.playback_url ?? ''))).text();
      const [segment] = segments.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
      const bytes = await fetch(new URL(segment ?? '', playing.playback_url ?? ''));
      assert.equal(bytes.status, 200);
      assert.match(await bytes.text(), /^segment 0 of/);
      // somebody who was logged in goes on as well
      const refresh = await api.call('POST', '/users/refresh', {
        body: { refresh_token: user.refreshToken },
      });
      assert.equal(refresh.status, 200);

      const { models } = other.context.database;
      const tasks = await models.Task.findAll({
        where: { videoId: transcoding },
        order: ['planVersion', 'position'],
      });
      assert.equal((await detailOf(transcoding)).status, 'transcoding');
      assert.deepEqual([tasks.at(-1)?.kind, tasks.at(-1)?.planVersion], ['inspect', 2]);
      assert.deepEqual(
        tasks.filter((task) => task.planVersion === 1 && !['done', 'canceled'].includes(task.state)),
        [],
      );
      const failed = await detailOf(lost);
      assert.deepEqual([failed.status, failed.error?.code], ['failed', 'source_gone']);
      const source = await other.context.store.stat(largeKey);
      assert.deepEqual([source?.sizeBytes, source?.contentType], [PART + 5, 'application/octet-stream']);
      // one PUT that had arrived can be completed; parts that had not been joined have to be sent anew
      assert.equal((await complete(again, single.videoId)).status, 202);
      const gone = await again.call('GET', `/videos/${unfinished.videoId}/upload`);
      assert.equal(gone.error.code, 'upload_gone');
    } finally {
      await other.stop();
    }
  });

  test('a second backup copies only what is new, and drops what is gone', async () => {
    const before = await backUp('second');
    const [deleted, kept] = [await publish(), await publish()];
    const middle = await backUp('second');
    assert.ok(middle.counts.copied > 0);
    assert.equal(middle.counts.kept, before.description.objects);
    const { store } = server.context;
    const keys: string[] = [];
    const { models } = server.context.database;
    const own = await findVideoFolder(models, deleted);
    const [deletedKey, keptKey] = await Promise.all(
      [deleted, kept].map(async (id) => (await models.Video.findByPk(id, { rejectOnEmpty: true })).sourceKey),
    );
    for (const prefix of [objectKeys.rawPrefix(own), objectKeys.processedPrefix(own)]) {
      for await (const { key } of store.list(prefix)) keys.push(key);
    }
    await store.remove(keys);
    await server.context.database.models.Video.destroy({ where: { id: deleted } });
    const last = await backUp('second');
    assert.deepEqual([last.counts.copied, last.removed], [0, keys.length]);
    assert.equal(last.description.objects, middle.description.objects - keys.length);
    const objects = path.join(folder.path, 'second', 'objects');
    await assert.rejects(stat(path.join(objects, deletedKey ?? '')));
    await stat(path.join(objects, keptKey ?? ''));
    const dumps = (await readdir(path.join(folder.path, 'second'))).filter((name) =>
      name.startsWith('database-'),
    );
    assert.deepEqual(dumps, [last.description.database]);
    // one at a time into a folder
    const busy = ObjectIndex.openToWrite(path.join(folder.path, 'second', 'objects.db'));
    await assert.rejects(backUp('second'), /does another backup go into this folder/);
    busy.close();
    // nor does the backup of a restored installation begin from nothing
    await restore('second', 'second-restored');
    const config = configOf(path.join(folder.path, 'second-restored'));
    const after = await makeBackup(config, { folder: path.join(folder.path, 'second') });
    assert.equal(after.counts.copied, 0);
  });

  test('a backup is taken while uploads come in, and has everything that its database names', async () => {
    let stopped = false;
    const uploading = (async () => {
      const ids: number[] = [];
      while (!stopped) ids.push(await publish());
      return ids;
    })();
    try {
      await publish();
      await backUp('busy');
    } finally {
      stopped = true;
      assert.ok((await uploading).length > 0);
    }
    await restore('busy', 'busy-restored');
    const other = await startTestServer({ dataDir: path.join(folder.path, 'busy-restored') });
    try {
      const { models } = other.context.database;
      const videos = await models.Video.findAll({ where: { status: 'online' } });
      assert.ok(videos.length > 1);
      for (const video of videos) {
        const { id, sourceKey } = video;
        const own = videoFolder(video);
        assert.ok(await other.context.store.stat(sourceKey), sourceKey);
        assert.ok(await other.context.store.stat(objectKeys.master(own)), String(id));
        assert.ok(await other.context.store.stat(objectKeys.segment(own, '720p', 1, 3)), String(id));
      }
    } finally {
      await other.stop();
    }
  });

  test('a restore that died is repeated; one over a database is refused', async () => {
    await backUp('again');
    const first = await restore('again', 'again-restored', ['objects']);
    const second = await restore('again', 'again-restored');
    assert.deepEqual([second.counts?.copied, second.counts?.kept], [0, first.counts?.copied]);
    await assert.rejects(restore('again', 'again-restored'), /is there already.*empty installation/);
    await assert.rejects(restore('nowhere', 'x'), /no finished backup/);
  });

  test('a damaged backup is reported, and not published', async () => {
    await backUp('damaged');
    const videoId = await publish();
    await backUp('damaged');
    const file = path.join(
      folder.path,
      'damaged/objects',
      objectKeys.master(await findVideoFolder(server.context.database.models, videoId)),
    );
    const bytes = await readFile(file);
    bytes[0] = 0;
    await writeFile(file, bytes);
    await assert.rejects(
      restore('damaged', 'damaged-restored'),
      /The copy of processed.*is not what it should be/,
    );
    await truncate(file, 1);
    await assert.rejects(restore('damaged', 'damaged-restored'));
    await assert.rejects(stat(path.join(folder.path, 'damaged-restored', 'reelmill.db')));
    // the next backup mends it
    assert.equal((await backUp('damaged')).counts.copied, 1);
    await restore('damaged', 'damaged-restored');
  });

  test('there is nothing to back up where there is no installation', async () => {
    const config = configOf(path.join(folder.path, 'nothing'));
    await assert.rejects(
      makeBackup(config, { folder: path.join(folder.path, 'none') }),
      /nothing to back up/,
    );
  });
});
