import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  retentionJobNameSchema,
  retentionRunResponseSchema,
  retentionSchema,
} from '@reelmill/shared/contracts/retention.ts';
import { objectKeys, videoFolder } from '@reelmill/shared/core/objectKeys.ts';
import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import { Op } from 'sequelize';
import type { Models } from '../../server/src/db/models.ts';
import { type ApiUser, DocumentedApi } from '../support/apiClient.ts';
import { type Distributed, openDistributed } from '../support/distributed.ts';
import { createFakeClock, type FakeClock } from '../support/fakeTime.ts';
import { makeTemporaryFolder, type TemporaryFolder, waitFor } from '../support/processes.ts';
import { type ServerProcess, startServerProcess, startTestServer } from '../support/server.ts';
import { beginMultipart, beginSingle, complete, put, uploadSomething } from '../support/uploads.ts';

const ADMIN = { email: 'boss@example.org', password: 'the password of the boss' };
const CREATOR = { email: 'ann@example.org', password: 'a password nobody guesses' };
const ENV = { ADMIN_EMAIL: ADMIN.email, ADMIN_PASSWORD: ADMIN.password, RETAIN_SOURCES_DAYS: '30' };
const PART = 16 * 1024 ** 2;
const YEAR_MS = 365 * 86_400_000;
const NEVER_SET = new Date('1970-01-02T00:00:00Z');

/** What is there before the clock goes wrong. */
interface Footage {
  /** Open, its second part is in the store. */
  uploadId: number;
  onlineId: number;
  /** To be deleted by its creator while the clock is wrong. */
  deletedId: number;
  /** Sessions that are open. */
  tokenIds: number[];
}

async function makeFootage(models: Models, user: ApiUser): Promise<Footage> {
  const { videoId: uploadId, plan } = await beginMultipart(user, PART + 5);
  assert.equal(await put(plan.urls[1]?.url, new Uint8Array(5)), 200);
  const [onlineId, deletedId] = [await uploadSomething(user), await uploadSomething(user)];
  await models.Video.update(
    { status: 'online', onlineAt: new Date() },
    { where: { id: [onlineId, deletedId] } },
  );
  const tokens = await models.RefreshToken.findAll({ attributes: ['id'] });
  return { uploadId, onlineId, deletedId, tokenIds: tokens.map(({ id }) => id) };
}

/** How many of the sources are in the store, the state of the open upload, and how many sessions were forgotten. */
async function lookAt({ models, store }: { models: Models; store: ObjectStore }, footage: Footage) {
  const { uploadId, onlineId, deletedId, tokenIds } = footage;
  let sources = 0;
  for (const video of await models.Video.findAll({ where: { id: [onlineId, deletedId] } })) {
    for await (const _ of store.list(objectKeys.rawPrefix(videoFolder(video)))) sources += 1;
  }
  const upload = await models.Video.findByPk(uploadId, { rejectOnEmpty: true });
  const tokens = await models.RefreshToken.count({ where: { id: tokenIds } });
  return { sources, upload: upload.status, lostSessions: tokenIds.length - tokens };
}

/** Everything is run, and every run says why it removes nothing. */
async function assertStopped(admin: ApiUser, clock: RegExp): Promise<void> {
  for (const job of retentionJobNameSchema.options) {
    const run = await admin.call('POST', '/admin/retention/run', { body: { job, dry_run: false } });
    assert.deepEqual([run.status, run.error.code], [409, 'retention_stopped'], job);
    assert.match(run.error.message, clock, job);
  }
  const { jobs, clock_doubt: doubt } = (await admin.call('GET', '/admin/retention')).as(retentionSchema);
  assert.match(doubt ?? '', /^The clock of .* says/);
  for (const { name, stopped } of jobs) assert.equal(stopped?.kind, 'clock', name);
}

/** The stop ends by itself, and everything is run without an objection. */
async function assertGoesOn(admin: ApiUser): Promise<void> {
  for (const job of retentionJobNameSchema.options) {
    const body = { job, dry_run: false };
    const run = await waitFor(job, async () => {
      const answer = await admin.call('POST', '/admin/retention/run', { body });
      // the schedule may be at it just now
      return answer.status === 409 && answer.error.code === 'state_conflict' ? null : answer;
    });
    assert.equal(run.status, 200, run.text);
    assert.equal(run.as(retentionRunResponseSchema).result.failed, 0, job);
  }
  const { jobs, clock_doubt: doubt } = (await admin.call('GET', '/admin/retention')).as(retentionSchema);
  assert.deepEqual([doubt, jobs.flatMap(({ stopped }) => stopped ?? [])], [null, []]);
}

async function waitForYear(server: ServerProcess, year: number): Promise<void> {
  await waitFor(`the year ${year}`, async () => {
    const { headers } = await fetch(`${server.url}/healthz`);
    return new Date(headers.get('date') ?? '').getUTCFullYear() === year;
  });
}

describe('a standalone server with a wrong clock', { timeout: 180_000 }, () => {
  let folder: TemporaryFolder;
  let clock: FakeClock;
  let server: ServerProcess | undefined;
  let footage: Footage;
  before(async () => {
    folder = await makeTemporaryFolder('wrong-clock');
    clock = await createFakeClock(folder.path, YEAR_MS);
    footage = await withTrueClock(async (models, user) => {
      await waitFor('a heartbeat', async () => (await models.Heartbeat.findOne())?.beatAt);
      return makeFootage(models, user);
    });
  });
  after(async () => {
    await server?.stop();
    await folder?.remove();
  });

  const dataDir = () => path.join(folder.path, 'data');
  const start = () =>
    startServerProcess({ ...ENV, ...clock.env, EMBEDDED_WORKER: 'false', REELMILL_DATA: dataDir() });
  const logIn = async (who: typeof ADMIN) => (await DocumentedApi.of(server?.url ?? '')).logIn(who);

  async function withTrueClock<T>(work: (models: Models, user: ApiUser) => Promise<T>): Promise<T> {
    const started = await startTestServer({ dataDir: dataDir(), env: ENV });
    try {
      const api = await DocumentedApi.of(started.url);
      const body = { nickname: 'ann', ...CREATOR };
      assert.equal((await api.call('POST', '/users/register', { body })).status, 201);
      return await work(started.context.database.models, await api.logIn(CREATOR));
    } finally {
      await started.stop();
    }
  }
  const partsOf = async (user: ApiUser) => {
    const answer = await user.call('GET', `/videos/${footage.uploadId}/upload`);
    assert.equal(answer.status, 200, answer.text);
    return JSON.parse(answer.text).parts.length;
  };

  test('that is started a year ahead removes nothing, and reports why', async () => {
    server = await start();
    const [admin, user] = [await logIn(ADMIN), await logIn(CREATOR)];
    assert.equal((await user.call('DELETE', `/videos/${footage.deletedId}`)).status, 204);
    // the schedule finds as much due as an administrator
    await server.process.waitForLine(/"retention job stopped"/);
    await assertStopped(admin, /36\d days after a server was last seen/);
    assert.equal(await partsOf(user), 1);
    await server.stop();
  });

  test('that is started in 1970 removes nothing, and continues by itself when the clock is right', async () => {
    await clock.setTime(NEVER_SET);
    server = await start();
    await assertStopped(await logIn(ADMIN), /which cannot be/);
    assert.equal(await partsOf(await logIn(CREATOR)), 1);

    await clock.setOffset(0);
    await waitForYear(server, new Date().getUTCFullYear());
    const user = await logIn(CREATOR);
    await assertGoesOn(await logIn(ADMIN));
    assert.equal(await partsOf(user), 1);
    const signed = await user.call('POST', `/videos/${footage.uploadId}/upload/parts`, {
      body: { part_numbers: [1] },
    });
    assert.equal(await put(JSON.parse(signed.text).urls[0].url, new Uint8Array(PART)), 200);
    assert.equal((await complete(user, footage.uploadId)).status, 202);
    await server.stop();
    server = undefined;

    const again = await startTestServer({ dataDir: dataDir(), env: ENV });
    try {
      const { database, store } = again.context;
      const seen = await lookAt({ models: database.models, store }, footage);
      // of the two sources that of the deleted video is gone
      assert.deepEqual(seen, { sources: 1, upload: 'transcoding', lostSessions: 0 });
    } finally {
      await again.stop();
    }
  });
});

describe('a distributed server whose clock jumps', { timeout: 240_000 }, () => {
  let folder: TemporaryFolder;
  let clock: FakeClock;
  let farm: Distributed;
  let server: ServerProcess;
  before(async () => {
    folder = await makeTemporaryFolder('jumping-clock');
    clock = await createFakeClock(folder.path);
    farm = await openDistributed({ env: { ...ENV, ...clock.env } });
    server = await farm.startServer();
  });
  after(async () => {
    await farm?.dispose();
    await folder?.remove();
  });

  test('removes nothing a year ahead and in 1970, and continues when the clock is right', async () => {
    const api = await DocumentedApi.of(server.url);
    const { models } = farm.database;
    assert.equal(
      (await api.call('POST', '/users/register', { body: { nickname: 'ann', ...CREATOR } })).status,
      201,
    );
    const footage = await makeFootage(models, await api.logIn(CREATOR));
    await waitFor('a heartbeat', async () => (await models.Heartbeat.findOne())?.beatAt);
    const untouched = { sources: 2, upload: 'uploading', lostSessions: 0 };
    const look = () => lookAt({ models, store: farm.store }, footage);
    assert.deepEqual(await look(), untouched);

    await clock.setOffset(YEAR_MS);
    await waitForYear(server, new Date(Date.now() + YEAR_MS).getUTCFullYear());
    const user = await api.logIn(CREATOR);
    assert.equal((await user.call('DELETE', `/videos/${footage.deletedId}`)).status, 204);
    await assertStopped(await api.logIn(ADMIN), /36\d days after a server was last seen/);
    assert.deepEqual(await look(), untouched);

    await clock.setTime(NEVER_SET);
    await waitForYear(server, 1970);
    await assertStopped(await api.logIn(ADMIN), /which cannot be/);
    const { videoId: begunIn1970 } = await beginSingle(await api.logIn(CREATOR));
    const { expiresAt } = await models.Upload.findByPk(begunIn1970, { rejectOnEmpty: true });
    assert.ok(expiresAt > new Date(), 'it has its whole time');
    assert.deepEqual(await look(), untouched);

    // an hour is nothing that the server could notice by itself
    await clock.setOffset(3_600_000);
    await waitFor('the reason', async () => {
      const body = { job: 'old_sources', dry_run: false };
      const run = await (await api.logIn(ADMIN)).call('POST', '/admin/retention/run', { body });
      return /that of the (database|object store)/.test(run.error.message);
    });
    assert.deepEqual(await look(), untouched);

    await clock.setOffset(0);
    await waitFor('the right time', async () => {
      const { headers } = await fetch(`${server.url}/healthz`);
      return Math.abs(new Date(headers.get('date') ?? '').getTime() - Date.now()) < 60_000;
    });
    await assertGoesOn(await api.logIn(ADMIN));
    assert.deepEqual(await look(), { ...untouched, sources: 1 });
    assert.equal(
      (await (await api.logIn(CREATOR)).call('GET', `/videos/${footage.uploadId}/upload`)).status,
      200,
    );

    // the sessions that were begun a year ahead last no longer than others
    const late = { where: { expiresAt: { [Op.gt]: new Date(Date.now() + YEAR_MS) } } };
    assert.ok((await models.RefreshToken.count(late)) > 0);
    await farm.startServer();
    await waitFor('times of this year', async () => (await models.RefreshToken.count(late)) === 0);
  });
});
