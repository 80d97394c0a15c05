import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import type { RetentionJob } from '@reelmill/server/maintenance/job.ts';
import { RETENTION_JOBS } from '@reelmill/server/maintenance/registry.ts';
import { runScheduled } from '@reelmill/server/maintenance/run.ts';
import { objectKeys } from '@reelmill/shared/core/objectKeys.ts';
import { type ApiUser, DocumentedApi } from '../support/apiClient.ts';
import { waitFor } from '../support/processes.ts';
import { listKeys } from '../support/publishedVideo.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { beginMultipart, beginSingle, complete, put, uploadSomething } from '../support/uploads.ts';

const QUOTA = 1_000;
const GOOD = Buffer.from('the content that was inspected');
const OTHER = Buffer.from('something else altogether');

const md5 = (bytes: Buffer) => createHash('md5').update(bytes).digest('hex');

describe('what an upload URL grants', () => {
  let server: TestServer;
  let api: DocumentedApi;
  before(async () => {
    server = await startTestServer({ env: { QUOTA_BYTES: String(QUOTA), SINGLE_UPLOADS_PER_USER: '2' } });
    api = await DocumentedApi.of(server.url);
  });
  after(() => server.stop());

  const videoOf = (id: number) => server.context.database.models.Video.findByPk(id, { rejectOnEmpty: true });
  const keysOf = async (id: number) =>
    listKeys(server.context.store, `raw/${(await videoOf(id)).objectFolder}/`);
  const contentOf = async (id: number) =>
    buffer(await server.context.store.get((await videoOf(id)).sourceKey));
  const sourceOf = async (id: number) => {
    const [task] = await server.context.database.models.Task.findAll({ where: { videoId: id } });
    return task?.spec.source ?? assert.fail('there is a task');
  };
  const run = (job: RetentionJob) => runScheduled(server.context, job, new AbortController().signal);
  const sweep = () => run(RETENTION_JOBS.late_uploads);
  const purge = () => run(RETENTION_JOBS.deleted_videos);
  /** As a store takes it that cannot end a URL. */
  const putLate = async (id: number, bytes: Buffer) => {
    const { putKey } = await videoOf(id);
    const facts = { contentType: 'video/mp4', sizeBytes: bytes.length };
    await server.context.store.put(putKey ?? assert.fail('it is a single PUT'), bytes, facts);
  };
  const upload = async (user: ApiUser, bytes: Buffer) => {
    const begun = await beginSingle(user);
    assert.equal(await put(begun.url, new Uint8Array(bytes)), 200);
    return begun;
  };

  test('keys of a video contain a random part', async () => {
    const user = await api.signUp('keys');
    const folders = [];
    for (const begin of [() => beginSingle(user), () => beginMultipart(user, 5)]) {
      const { objectFolder, sourceKey } = await videoOf((await begin()).videoId);
      assert.match(sourceKey, /^raw\/\d+-[0-9a-f]{32}\//);
      folders.push(objectFolder?.split('-')[1]);
    }
    assert.equal(new Set(folders).size, 2);
  });

  test('a single PUT after complete changes nothing and is removed', async () => {
    const user = await api.signUp('swap');
    const { videoId, url } = await upload(user, GOOD);
    assert.equal((await complete(user, videoId)).status, 202);
    assert.equal(await put(url, new Uint8Array(OTHER)), 403);
    await putLate(videoId, OTHER);
    assert.deepEqual(await contentOf(videoId), GOOD);
    await sweep();
    const { sourceKey } = await videoOf(videoId);
    assert.deepEqual(await keysOf(videoId), [sourceKey]);
    assert.deepEqual(await contentOf(videoId), GOOD);
    // completing again does not take the other one either
    await putLate(videoId, OTHER);
    assert.equal((await complete(user, videoId)).status, 202);
    assert.equal((await videoOf(videoId)).sourceKey, sourceKey);
    assert.deepEqual(await contentOf(videoId), GOOD);
  });

  test('rejects a single PUT after cancel, and removes what the store accepts nevertheless', async () => {
    const user = await api.signUp('cancel');
    const { videoId, url } = await upload(user, GOOD);
    assert.equal((await user.call('POST', `/videos/${videoId}/cancel`)).status, 200);
    assert.deepEqual(await keysOf(videoId), []);
    assert.equal(await put(url, new Uint8Array(OTHER)), 403);
    await putLate(videoId, OTHER);
    await sweep();
    assert.deepEqual(await keysOf(videoId), []);
  });

  test('rejects a single PUT of a deleted video, and removes what the store accepts nevertheless', async () => {
    const { models } = server.context.database;
    const user = await api.signUp('delete');
    const { videoId, url } = await upload(user, GOOD);
    const unused = await beginSingle(user);
    for (const id of [videoId, unused.videoId]) {
      assert.equal((await user.call('DELETE', `/videos/${id}`)).status, 204);
      await waitFor('the first purge', async () => Number((await videoOf(id)).purgeAfter) > Date.now());
      assert.deepEqual(await keysOf(id), []);
    }
    for (const late of [url, unused.url]) assert.equal(await put(late, new Uint8Array(OTHER)), 403);
    await putLate(videoId, OTHER);
    await sweep();
    assert.deepEqual(await keysOf(videoId), []);
    // through a store that cannot end URLs something may come until long after they have expired
    const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000);
    await putLate(videoId, OTHER);
    const times = { deletedAt: hoursAgo(22), putEndsAt: hoursAgo(20), purgeAfter: hoursAgo(1) };
    await models.Video.update(times, { where: { id: videoId } });
    await purge();
    assert.deepEqual(await keysOf(videoId), []);
    const { objectFolder } = await videoOf(videoId);
    await putLate(videoId, OTHER);
    await models.Video.update(
      { putEndsAt: hoursAgo(25), purgeAfter: hoursAgo(1) },
      { where: { id: videoId } },
    );
    await purge();
    await waitFor('the row to go', async () => (await models.Video.findByPk(videoId)) === null);
    assert.deepEqual(await listKeys(server.context.store, `raw/${objectFolder}/`), []);
  });

  test('looks for late uploads with limited concurrency', async () => {
    const user = await api.signUp('places');
    for (let count = 0; count < 40; count += 1) await beginSingle(user);
    let [running, most] = [0, 0];
    const { store } = server.context;
    const stat: typeof store.stat = async (key) => {
      running += 1;
      most = Math.max(most, running);
      try {
        return await store.stat(key);
      } finally {
        running -= 1;
      }
    };
    const context = { ...server.context, store: { ...store, stat } };
    await RETENTION_JOBS.late_uploads.find(context, { position: 0, now: new Date() });
    assert.ok(most > 1 && most <= 16, `${most} at a time`);
  });

  test('tasks refer to exactly the accepted content', async () => {
    const user = await api.signUp('generation');
    const single = await upload(user, GOOD);
    assert.equal((await complete(user, single.videoId)).status, 202);
    const multipart = await beginMultipart(user, GOOD.length);
    assert.equal(await put(multipart.plan.urls[0]?.url, new Uint8Array(GOOD)), 200);
    assert.equal((await complete(user, multipart.videoId)).status, 202);
    for (const { videoId } of [single, multipart]) {
      const source = await sourceOf(videoId);
      const stored = await server.context.store.stat(source.key);
      assert.deepEqual(source, {
        key: stored?.key,
        sizeBytes: GOOD.length,
        etag: stored?.etag,
        lastModified: stored?.lastModified.toISOString(),
      });
      const url = await server.context.store.signGet(source.key, {
        audience: 'internal',
        expiresSeconds: 60,
      });
      const read = (etag = '') => fetch(url, { headers: { 'If-Match': `"${etag}"` } });
      assert.deepEqual(Buffer.from(await (await read(source.etag)).arrayBuffer()), GOOD);
      assert.equal((await read(md5(OTHER))).status, 412);
    }
  });

  test('of several concurrent completes one takes effect, and one source remains', async () => {
    const user = await api.signUp('several');
    const { videoId } = await upload(user, GOOD);
    const responses = await Promise.all(Array.from({ length: 5 }, () => complete(user, videoId)));
    assert.deepEqual(new Set(responses.map(({ status }) => status)), new Set([202]));
    assert.deepEqual(await keysOf(videoId), [(await videoOf(videoId)).sourceKey]);
    assert.deepEqual(await contentOf(videoId), GOOD);
  });

  test('limits a single PUT to the rest of the quota', async () => {
    const user = await api.signUp('quota');
    const first = await upload(user, randomBytes(600));
    assert.equal((await complete(user, first.videoId)).status, 202);
    const { videoId, url } = await beginSingle(user);
    assert.equal(await put(url, new Uint8Array(401)), 413);
    assert.equal(await put(url, new Uint8Array(400)), 200);
    // through a store that cannot tell
    await putLate(videoId, randomBytes(401));
    const refused = await complete(user, videoId);
    assert.deepEqual([refused.status, refused.error.code], [403, 'quota_exceeded']);
    assert.deepEqual(await keysOf(videoId), []);
    await putLate(videoId, randomBytes(401));
    await sweep();
    assert.deepEqual(await keysOf(videoId), []);
    // it can still be done right
    assert.equal(await put(url, new Uint8Array(400)), 200);
    await sweep();
    assert.equal((await complete(user, videoId)).status, 202);
  });

  test('limits several single PUTs together to the rest of the quota', async () => {
    const user = await api.signUp('together');
    const uploads = [await upload(user, randomBytes(700)), await upload(user, randomBytes(700))];
    await sweep();
    const held = await Promise.all(uploads.map(({ videoId }) => keysOf(videoId)));
    assert.deepEqual(
      held.map((keys) => keys.length),
      [1, 0],
    );
  });

  test('a further single upload expires the oldest one beyond the limit of the user', async () => {
    const user = await api.signUp('many');
    const [oldest, second] = [await upload(user, GOOD), await beginSingle(user)];
    const third = await beginSingle(user);
    assert.equal(await put(oldest.url, new Uint8Array(GOOD)), 403);
    assert.deepEqual(await keysOf(oldest.videoId), []);
    assert.equal((await complete(user, oldest.videoId)).error.code, 'upload_gone');
    for (const { url, videoId } of [second, third]) {
      assert.equal(await put(url, new Uint8Array(GOOD)), 200);
      assert.equal((await complete(user, videoId)).status, 202);
    }
    // those in parts are not counted
    const { videoId } = await beginMultipart(user, 5);
    await beginSingle(user);
    await beginSingle(user);
    await beginSingle(user);
    assert.equal((await user.call('GET', `/videos/${videoId}/upload`)).status, 200);
  });

  test('rejects a part of another size than planned', async () => {
    const user = await api.signUp('parts');
    const { videoId, plan } = await beginMultipart(user, 10);
    for (const size of [0, 9, 11, 1_000]) {
      assert.equal(await put(plan.urls[0]?.url, new Uint8Array(size)), 400, String(size));
    }
    assert.equal(await put(plan.urls[0]?.url, new Uint8Array(10)), 200);
    assert.equal((await complete(user, videoId)).status, 202);
    assert.equal(await put(plan.urls[0]?.url, new Uint8Array(10)), 404);
  });

  test('completes an upload that was started before the upgrade, and its URL is useless afterwards', async () => {
    const user = await api.signUp('before');
    const { videoId } = await beginSingle(user);
    const sourceKey = `raw/${videoId}/film.mp4`;
    await (await videoOf(videoId)).update({
      sourceKey,
      objectFolder: null,
      putKey: null,
      putEndsAt: null,
    });
    const url = await server.context.store.signPut(sourceKey, { audience: 'public', expiresSeconds: 60 });
    assert.equal(await put(url, new Uint8Array(GOOD)), 200);
    assert.equal((await complete(user, videoId)).status, 202);
    assert.equal(await put(url, new Uint8Array(OTHER)), 403);
    await putLate(videoId, OTHER);
    await sweep();
    assert.deepEqual(await listKeys(server.context.store, objectKeys.rawPrefix(videoId)), [
      (await videoOf(videoId)).sourceKey,
    ]);
    assert.deepEqual(await contentOf(videoId), GOOD);
  });
});

test('rejects an upload that would leave too little free space on the disk', async () => {
  const server = await startTestServer({ env: { MIN_FREE_BYTES: String(2 ** 50) } });
  try {
    const user = await (await DocumentedApi.of(server.url)).signUp('full');
    for (const body of [{ file_name: 'a.mp4' }, { file_name: 'a.mp4', size_bytes: 5 }]) {
      const response = await user.call('POST', '/videos/upload/initiate', { body });
      assert.deepEqual([response.status, response.error.code], [507, 'insufficient_storage']);
      assert.match(response.error.message, /too little free space/);
    }
  } finally {
    await server.stop();
  }
});

test('limits uploads that are never completed per user and hour', async () => {
  const server = await startTestServer({
    env: { UNFINISHED_UPLOADS_PER_HOUR: '3', SINGLE_UPLOADS_PER_USER: '2' },
  });
  try {
    const { models } = server.context.database;
    const api = await DocumentedApi.of(server.url);
    const user = await api.signUp('often');
    // those that are completed do not count
    for (let count = 0; count < 4; count += 1) await uploadSomething(user);
    await beginSingle(user);
    const { videoId } = await beginMultipart(user, 5);
    assert.equal((await user.call('POST', `/videos/${videoId}/cancel`)).status, 200);
    const deleted = await beginSingle(user);
    assert.equal((await user.call('DELETE', `/videos/${deleted.videoId}`)).status, 204);
    const before = await models.Video.count();
    for (const body of [{ file_name: 'a.mp4' }, { file_name: 'a.mp4', size_bytes: 5 }]) {
      const refused = await user.call('POST', '/videos/upload/initiate', { body });
      assert.deepEqual([refused.status, refused.error.code], [429, 'rate_limited']);
      const seconds = Number(refused.headers.get('retry-after'));
      assert.ok(seconds > 3_000 && seconds <= 3_600, `${seconds} s`);
    }
    assert.equal(await models.Video.count(), before);
    await beginSingle(await api.signUp('somebody'));
    // completing one of them, or an hour, makes room
    const hourAgo = new Date(Date.now() - 3_600_000);
    await models.Video.sequelize?.query('UPDATE videos SET created_at = ? WHERE id = ?', {
      replacements: [hourAgo, videoId],
    });
    await uploadSomething(user);
    await beginSingle(user);
    const response = await user.call('POST', '/videos/upload/initiate', { body: { file_name: 'a.mp4' } });
    assert.equal(response.status, 429);
  } finally {
    await server.stop();
  }
});
