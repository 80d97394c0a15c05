import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { readinessSchema } from '@reelmill/shared/contracts/health.ts';
import { uploadStatusSchema } from '@reelmill/shared/contracts/uploads.ts';
import { sessionSchema } from '@reelmill/shared/contracts/users.ts';
import { videoDetailSchema } from '@reelmill/shared/contracts/videos.ts';
import { createConnection } from 'mysql2/promise';
import { type ApiResponse, type ApiUser, DocumentedApi } from '../support/apiClient.ts';
import { type Distributed, openDistributed } from '../support/distributed.ts';
import { EventReader } from '../support/eventReader.ts';
import { type MariaDb, startMariaDb } from '../support/mariadb.ts';
import { waitFor } from '../support/processes.ts';
import { addQuickAccount } from '../support/quickAccount.ts';
import { beginMultipart, complete, put } from '../support/uploads.ts';

const PART = 16 * 1024 ** 2;
const SIZE = PART + 5;
const ADMIN = { email: 'boss@example.org', password: 'the password of the boss' };
/** How long a stream goes on at most after its session has ended on another server. */
const MAX_STREAM_AFTER_MS = 15_000;

describe('two API servers with one database, broker and store', () => {
  let mariadb: MariaDb;
  let farm: Distributed;
  let apis: [DocumentedApi, DocumentedApi];
  /** The same person, on each server. */
  let user: ApiUser;
  let elsewhere: ApiUser;
  before(async () => {
    mariadb = await startMariaDb();
    const connection = await createConnection(mariadb.url);
    await connection.query('CREATE DATABASE reelmill CHARACTER SET utf8mb4');
    await connection.end();
    farm = await openDistributed({
      mysqlUrl: `${mariadb.url}/reelmill`,
      env: {
        METRICS_TOKEN: randomBytes(32).toString('hex'),
        ADMIN_EMAIL: ADMIN.email,
        ADMIN_PASSWORD: ADMIN.password,
      },
    });
    const servers = await Promise.all([farm.startServer(), farm.startServer()]);
    apis = [await DocumentedApi.of(servers[0].url), await DocumentedApi.of(servers[1].url)];
    user = await apis[0].signUp('ann');
    elsewhere = {
      ...user,
      call: (method, path, options) => apis[1].call(method, path, { token: user.token, ...options }),
    };
  });
  after(async () => {
    await farm?.dispose();
    await mariadb?.dispose();
  });

  const begin = async (sizes: readonly number[]) => {
    const { videoId, plan } = await beginMultipart(user, SIZE);
    for (const [index, size] of sizes.entries()) {
      assert.equal(await put(plan.urls[index]?.url, new Uint8Array(size)), 200);
    }
    return { videoId, urls: plan.urls.map(({ url }) => url) };
  };

  test('concurrent and repeated completes on both servers start one transcode', async () => {
    const { videoId } = await begin([PART, 5]);
    const listed = (await elsewhere.call('GET', `/videos/${videoId}/upload`)).as(uploadStatusSchema);
    assert.deepEqual(
      listed.parts.map(({ size }) => size),
      [PART, 5],
    );
    const responses = await Promise.all(
      [user, elsewhere, user, elsewhere].map((who) => complete(who, videoId)),
    );
    assert.deepEqual(
      responses.map(({ status }) => status),
      [202, 202, 202, 202],
    );
    assert.equal((await complete(elsewhere, videoId)).status, 202);
    assert.equal((await farm.tasksOf(videoId)).length, 1);
  });

  test('the store rejects a part of the wrong size; complete lists one that an older URL allowed', async () => {
    const { videoId, urls } = await begin([PART]);
    assert.equal(await put(urls[1], new Uint8Array(4)), 403);
    const upload = await farm.database.models.Upload.findByPk(videoId, { rejectOnEmpty: true });
    const ref = { key: (await farm.videoOf(videoId)).sourceKey, uploadId: upload.storeUploadId ?? '' };
    // servers of the version before named no size in their URLs
    const old = await farm.store.signPart(ref, 2, { audience: 'public', expiresSeconds: 60 });
    assert.equal(await put(old, new Uint8Array(4)), 200);
    const response = await complete(elsewhere, videoId);
    assert.deepEqual([response.status, response.error.code], [409, 'part_size_mismatch']);
    assert.deepEqual(response.error.details, { parts: [{ part_number: 2, size: 4, expected_size: 5 }] });
    await put(urls[1], new Uint8Array(5));
    assert.equal((await complete(elsewhere, videoId)).status, 202);
  });

  test('the other server finishes a complete that was interrupted between store and database', async () => {
    const { videoId } = await begin([PART, 5]);
    const upload = await farm.database.models.Upload.findByPk(videoId, { rejectOnEmpty: true });
    const ref = { key: (await farm.videoOf(videoId)).sourceKey, uploadId: upload.storeUploadId ?? '' };
    await farm.store.completeUpload(ref, await farm.store.listParts(ref));
    assert.equal((await complete(elsewhere, videoId)).status, 202);
    assert.equal((await farm.tasksOf(videoId)).length, 1);
  });

  test('an upload that is aborted on one server is gone on the other', async () => {
    const { videoId } = await begin([PART]);
    assert.equal((await elsewhere.call('DELETE', `/videos/${videoId}/upload`)).status, 204);
    assert.equal((await complete(user, videoId)).error.code, 'upload_gone');
    const { objectFolder } = await farm.videoOf(videoId);
    assert.deepEqual(await farm.keysOf(`raw/${objectFolder}/`), []);
  });

  test('a stream on one server receives changes on the other', async () => {
    const { videoId } = await begin([]);
    const events = await EventReader.open(`${apis[1].url}/api/v1/videos/${videoId}/events`, user.token);
    await events.next();
    await user.call('PATCH', `/videos/${videoId}`, { body: { title: 'renamed' } });
    assert.equal(videoDetailSchema.parse(await events.next()).video.title, 'renamed');
    await user.call('POST', `/videos/${videoId}/cancel`);
    assert.equal(videoDetailSchema.parse(await events.next()).video.status, 'canceled');
    assert.equal(await events.next(), null);
  });

  test('a stream ends soon after its session, its account or its password has on the other server', async () => {
    const boss = await apis[0].logIn(ADMIN);
    const endings: Record<string, (who: ApiUser) => Promise<ApiResponse>> = {
      disabled: (who) => boss.call('PATCH', `/admin/users/${who.userId}`, { body: { disabled: true } }),
      'signed-out': (who) =>
        apis[0].call('POST', '/users/logout', { body: { refresh_token: who.refreshToken } }),
      'password-changed': (who) =>
        who.call('POST', '/me/password', {
          body: { current_password: who.password, new_password: 'another one altogether' },
        }),
    };
    for (const [name, end] of Object.entries(endings)) {
      const account = await addQuickAccount(farm.database.models, name);
      const follower = await apis[0].logIn(account);
      const { videoId } = await beginMultipart(follower, SIZE);
      const url = `${apis[1].url}/api/v1/videos/${videoId}/events`;
      const stream = await EventReader.open(url, follower.token, 2 * MAX_STREAM_AFTER_MS);
      await stream.next();
      // another session of the same account is not touched by signing out
      const other = await apis[1].logIn(follower);
      assert.ok((await end(follower)).status < 300, name);
      const endedAt = performance.now();
      assert.equal(await stream.next(), null, name);
      assert.ok(performance.now() - endedAt < MAX_STREAM_AFTER_MS, name);
      const again = await fetch(url, { headers: { Authorization: `Bearer ${follower.token}` } });
      assert.ok([401, 403].includes(again.status), `${name}: ${again.status}`);
      await again.body?.cancel();
      const going = await fetch(url, { headers: { Authorization: `Bearer ${other.token}` } });
      // a server that has not heard of it yet knows only that the session is over
      const allowed = { disabled: [401, 403], 'signed-out': [200] }[name] ?? [401];
      assert.ok(allowed.includes(going.status), `${name}: ${going.status}`);
      await going.body?.cancel();
    }
  });

  test('a device known to one server is known to the other, while guesses on both lock others out', async () => {
    const { email, password } = await addQuickAccount(farm.database.models, 'travelling');
    const wrong = { email, password: 'a wrong guess' };
    const logIn = (server: 0 | 1, body: object) => apis[server].call('POST', '/users/login', { body });
    const known = (await logIn(0, { email, password, device_token: null })).as(sessionSchema);
    await farm.database.models.KnownDevice.destroy({ where: { kind: 'network' } });
    for (let count = 0; count < 5; count += 1) {
      assert.deepEqual([(await logIn(0, wrong)).status, (await logIn(1, wrong)).status], [401, 401]);
    }
    for (const server of [0, 1] as const) {
      assert.equal((await logIn(server, { email, password })).status, 429);
      const body = { email, password, device_token: known.device_token };
      assert.equal((await logIn(server, body)).status, 200);
      await farm.database.models.KnownDevice.destroy({ where: { kind: 'network' } });
    }
  });

  test('guesses are counted across servers', async () => {
    const body = { email: 'victim@example.org', password: 'wrong' };
    const responses = await Promise.all(
      Array.from({ length: 14 }, (_, index) =>
        apis[index % 2 === 0 ? 0 : 1].call('POST', '/users/login', { body }),
      ),
    );
    assert.equal(responses.filter(({ status }) => status === 401).length, 10);
    assert.equal(responses.filter(({ status }) => status === 429).length, 4);
  });

  test('responds with 503 while the database is down, and recovers afterwards', async () => {
    await mariadb.stop();
    const response = await user.call('GET', '/videos');
    assert.deepEqual([response.status, response.error.code], [503, 'unavailable']);
    assert.ok(Number(response.headers.get('retry-after')) > 0);
    assert.doesNotMatch(response.text, /127\.0\.0\.1|ECONN|mysql/i);
    const token = farm.serverEnv.METRICS_TOKEN;
    const unready = await apis[0].call('GET', '//readyz', { token });
    assert.equal(unready.status, 503);
    const { checks } = unready.as(readinessSchema);
    assert.equal(checks?.database?.ok, false);
    assert.deepEqual([checks.store?.ok, checks.queue?.ok], [true, true]);
    assert.equal((await apis[0].call('GET', '//healthz')).status, 200);
    await mariadb.start();
    await waitFor('both servers to be ready', async () => {
      const responses = await Promise.all(apis.map((api) => api.call('GET', '//readyz')));
      return responses.every(({ status }) => status === 200);
    });
    assert.equal((await user.call('GET', '/videos')).status, 200);
  });
});
