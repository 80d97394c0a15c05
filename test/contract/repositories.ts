import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createAccount } from '@reelmill/server/auth/accounts.ts';
import { claimAttempt } from '@reelmill/server/auth/attemptLimits.ts';
import { findKnownSource, fingerprintSource, storeLoginSource } from '@reelmill/server/auth/knownDevices.ts';
import { claimLoginAttempt } from '@reelmill/server/auth/loginLimits.ts';
import { refreshSession, removeExpiredTokens, startSession } from '@reelmill/server/auth/sessions.ts';
import { findEncodeProgress, findSources, listVideos } from '@reelmill/server/catalog/videoRepository.ts';
import { readHeartbeat } from '@reelmill/server/clock/heartbeat.ts';
import { recover } from '@reelmill/server/clock/recovery.ts';
import { deriveSecrets } from '@reelmill/server/context/secrets.ts';
import { type Database, type DatabaseLocation, openDatabase } from '@reelmill/server/db/database.ts';
import { MIGRATIONS } from '@reelmill/server/db/migrate.ts';
import type { UserRow, VideoRow } from '@reelmill/server/db/rows.ts';
import {
  countTasks,
  findBacklog,
  findOldestPending,
  findSpeeds,
  findWorkers,
} from '@reelmill/server/farm/farmRepository.ts';
import { startTranscode } from '@reelmill/server/transcode/lifecycle.ts';
import { newTask } from '@reelmill/server/transcode/tasks.ts';
import { newVideo } from '@reelmill/server/uploads/initiateUpload.ts';
import { findResumableUpload } from '@reelmill/server/uploads/openUploads.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import { QueryTypes } from 'sequelize';

const logger = createLogger({ level: 'silent', name: 'test' });

export interface RepositoryContract {
  name: string;
  /** How many servers may open one database at the same time. */
  replicas: number;
  /** An empty database. */
  create(): Promise<{ location: DatabaseLocation; dispose(): Promise<void> }>;
}

/** What every database of the server must do: return the same results for the same queries. */
export function describeRepositories({ name, replicas, create }: RepositoryContract): void {
  describe(`repositories on ${name}`, () => {
    let created: Awaited<ReturnType<typeof create>>;
    let databases: Database[];
    let database: Database;
    let user: UserRow;
    before(async () => {
      created = await create();
      databases = await Promise.all(
        Array.from({ length: replicas }, () => openDatabase(created.location, logger)),
      );
      const [first] = databases;
      assert.ok(first);
      database = first;
      user = await createAccount(database.models, account('ann@example.org'));
    });
    after(async () => {
      await Promise.all((databases ?? []).map((one) => one.close()));
      await created?.dispose();
    });

    const account = (email: string) =>
      ({ email, nickname: 'N', password: 'a password', role: 'creator' }) as const;
    const someReplica = (index: number): Database => databases[index % databases.length] ?? database;
    const makeVideo = (fileName: string, values: Partial<VideoRow> = {}): Promise<VideoRow> =>
      database.models.Video.create({
        ...newVideo(user.id, { file_name: fileName }),
        sourceKey: 'raw/0/x',
        ...values,
      });

    test('servers that start together migrate once', async () => {
      const rows = await database.models.User.sequelize?.query<{ name: string }>(
        'SELECT name FROM migrations',
        { type: QueryTypes.SELECT },
      );
      assert.deepEqual(
        rows?.map(({ name }) => name),
        MIGRATIONS.map(({ name }) => name),
      );
      const again = await openDatabase(created.location, logger);
      await again.check();
      await again.close();
    });

    test('the clock of the database is that of this machine, where it has one', async () => {
      const time = await database.now();
      if (time !== null) assert.ok(Math.abs(time.getTime() - Date.now()) < 60_000, time.toISOString());
    });

    test('of servers that come back together one gives open uploads their time again', async () => {
      const { models } = database;
      const video = await makeVideo('a.mp4');
      await models.Upload.create(newUpload(video.id));
      await models.Upload.update({ expiresAt: new Date(1_000) }, { where: { videoId: video.id } });
      await readHeartbeat(models);
      const now = new Date();
      const beatAt = new Date(now.getTime() - 4 * 86_400_000);
      await models.Heartbeat.update({ beatAt, clockDoubt: null }, { where: {} });
      const warnings: string[] = [];
      const recoverBy = (index: number) => {
        const quiet = createLogger({ level: 'warn', name: 'test' }, { write: (line) => warnings.push(line) });
        const config = { UPLOAD_TTL_HOURS: 168 };
        return recover({ database: someReplica(index), config, logger: quiet }, now);
      };
      const graces = await Promise.all(Array.from({ length: 4 }, (_, index) => recoverBy(index)));
      assert.equal(warnings.length, 1);
      assert.deepEqual(
        new Set(graces.map(({ graceFrom }) => graceFrom?.getTime())),
        new Set([beatAt.getTime()]),
      );
      const { expiresAt } = await models.Upload.findByPk(video.id, { rejectOnEmpty: true });
      assert.equal(expiresAt.getTime(), now.getTime() + 168 * 3_600_000);
    });

    test('a value comes back as it was written', async () => {
      const written = await makeVideo('🎬 Größe.mp4', {
        sizeBytes: 5_497_558_138_880,
        durationSeconds: 0.1 + 0.2,
        progress: 33.3,
        playable: true,
        description: 'x'.repeat(5_000),
        onlineAt: new Date('2026-02-03T04:05:06.789Z'),
      });
      const read = await database.models.Video.findByPk(written.id, { rejectOnEmpty: true });
      assert.equal(read.title, '🎬 Größe');
      assert.equal(Number(read.sizeBytes), 5_497_558_138_880);
      assert.equal(read.durationSeconds, 0.1 + 0.2);
      assert.equal(read.progress, 33.3);
      assert.ok(read.playable);
      assert.equal(read.description.length, 5_000);
      assert.equal(read.onlineAt?.toISOString(), '2026-02-03T04:05:06.789Z');
      assert.equal(read.plan, null);
    });

    test('an e-mail address is unique, whoever is first', async () => {
      const outcomes = await Promise.allSettled(
        [0, 1, 2].map((index) => createAccount(someReplica(index).models, account('bo@example.org'))),
      );
      assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') assert.equal(codeOf(outcome.reason), 'email_taken');
      }
      assert.equal(await database.models.User.count(), 2);
    });

    test('of several logins with the last attempts, no more get through than there are', async () => {
      const outcomes = await Promise.allSettled(
        Array.from({ length: 25 }, async (_, index) => {
          const claim = { email: 'eve@example.org', network: '192.0.2.1' };
          const attempt = await claimLoginAttempt(someReplica(index).models, claim);
          await attempt.failed();
        }),
      );
      assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 10);
      const elsewhere = { email: 'eve@example.org', network: '192.0.2.2' };
      const later = claimLoginAttempt(database.models, elsewhere);
      await assert.rejects(later, (error) => codeOf(error) === 'rate_limited');
      await database.models.LoginAttempt.update({ windowEndsAt: new Date(0) }, { where: {} });
      const attempt = await claimLoginAttempt(database.models, elsewhere);
      await attempt.withdraw();
      const row = await database.models.LoginAttempt.findByPk('account:eve@example.org');
      assert.deepEqual([row?.failures, row?.pending], [0, 0]);
    });

    test('beyond the limit one attempt gets through after each delay, and the delays double', async () => {
      const { LoginAttempt } = database.models;
      const claim = { email: 'eve@example.org', network: '192.0.2.1' };
      const subject = 'account:eve@example.org';
      for (let count = 0; count < 10; count += 1) {
        await (await claimLoginAttempt(database.models, claim)).failed();
      }
      const delays: number[] = [];
      for (let round = 0; round < 7; round += 1) {
        const refusals = await Promise.allSettled(
          Array.from({ length: 3 }, (_, index) => claimLoginAttempt(someReplica(index).models, claim)),
        );
        assert.ok(refusals.every(({ status }) => status === 'rejected'));
        const row = await LoginAttempt.findByPk(subject, { rejectOnEmpty: true });
        assert.ok(row.retryAt);
        delays.push(Math.round((row.retryAt.getTime() - Date.now()) / 30_000));
        await row.update({ retryAt: new Date(Date.now() - 1) });
        const attempts = await Promise.allSettled(
          Array.from({ length: 3 }, async (_, index) =>
            (await claimLoginAttempt(someReplica(index).models, claim)).failed(),
          ),
        );
        assert.equal(attempts.filter(({ status }) => status === 'fulfilled').length, 1);
      }
      assert.deepEqual(delays, [1, 1, 2, 4, 8, 16, 30]);
    });

    test('attempts of a process that died do not keep others waiting for ever', async () => {
      const limit = { free: 2, windowMs: 60_000, firstDelayMs: 1_000, maxDelayMs: 1_000 };
      await claimAttempt(database.models, 'x', limit);
      await claimAttempt(database.models, 'x', limit);
      const next = claimAttempt(database.models, 'x', limit, 200);
      await assert.rejects(next, (error) => codeOf(error) === 'rate_limited');
      const row = await database.models.LoginAttempt.findByPk('x');
      assert.deepEqual([row?.failures, row?.pending], [2, 0]);
    });

    test('of the devices and networks of a user only the last ten of each are known, and expired ones are not', async () => {
      const { models } = database;
      const key = 'a key';
      const network = (index: number) => ({ deviceToken: undefined, network: `192.0.2.${index}` });
      const tokens: (string | undefined)[] = [];
      for (let index = 0; index < 12; index += 1) {
        tokens.push(await storeLoginSource(models, user.id, { ...network(index), deviceToken: null }, key));
      }
      assert.equal(await models.KnownDevice.count({ where: { userId: user.id } }), 20);
      const isKnown = async (index: number) => {
        const source = { ...network(index), deviceToken: tokens[index] };
        const { token, network: known } = await findKnownSource(
          models,
          user.id,
          fingerprintSource(source, key),
        );
        return [token, known];
      };
      assert.deepEqual(await isKnown(1), [false, false]);
      assert.deepEqual(await isKnown(2), [true, true]);
      const stored = JSON.stringify(await models.KnownDevice.findAll());
      assert.ok(tokens[11] && !stored.includes(tokens[11]) && !stored.includes('192.0.2'));
      await models.KnownDevice.update({ expiresAt: new Date(Date.now() - 1) }, { where: {} });
      assert.deepEqual(await isKnown(11), [false, false]);
      await removeExpiredTokens(models, new Date());
      assert.equal(await models.KnownDevice.count(), 0);
    });

    test('several refreshes with one token get the same next one, until the grace is over', async () => {
      const secrets = deriveSecrets('a secret that is long enough for this');
      const { RefreshToken } = database.models;
      const session = await startSession({ database, secrets }, user);
      const refresh = (token: string, index: number) =>
        refreshSession({ database: someReplica(index), secrets }, token);
      const sessions = await Promise.all([0, 1, 2, 3].map((index) => refresh(session.refresh_token, index)));
      const tokens = new Set(sessions.map(({ refresh_token }) => refresh_token));
      assert.equal(tokens.size, 1);
      const where = { userId: user.id };
      const rows = await RefreshToken.findAll({ where, order: ['id'] });
      assert.equal(rows.filter(({ usedAt, revokedAt }) => usedAt === null && revokedAt === null).length, 1);
      await RefreshToken.update(
        { usedAt: new Date(Date.now() - 61_000) },
        { where: { ...where, id: rows[0]?.id } },
      );
      await assert.rejects(refresh(session.refresh_token, 0), { code: 'refresh_token_reused' });
      for (const token of tokens) {
        await assert.rejects(refresh(token, 1), { code: 'refresh_token_invalid' });
      }
      await removeExpiredTokens(database.models, new Date(Date.now() + 31 * 24 * 3600 * 1000));
      assert.equal(await RefreshToken.count(), 0);
    });

    test('of several starts of one transcode one counts', async () => {
      const video = await makeVideo('start.mp4', { sizeBytes: 1 });
      const began = await Promise.all(
        Array.from({ length: 4 }, async (_, index) => {
          const { models, transaction } = someReplica(index);
          const row = await models.Video.findByPk(video.id, { rejectOnEmpty: true });
          return transaction((within) =>
            startTranscode({ models, transaction: within, video: row, requestId: 'test' }),
          );
        }),
      );
      assert.equal(began.filter(Boolean).length, 1);
      const tasks = await database.models.Task.findAll({ where: { videoId: video.id } });
      assert.deepEqual(
        tasks.map(({ kind, state, spec }) => [kind, state, spec]),
        [['inspect', 'pending', { kind: 'inspect', source: { key: 'raw/0/x', sizeBytes: 1 } }]],
      );
    });

    test('a transaction that fails leaves nothing behind', async () => {
      const before = await database.models.Video.count();
      const failing = database.transaction(async (transaction) => {
        await database.models.Video.create({ ...newVideo(user.id, { file_name: 'no' }) }, { transaction });
        throw new Error('never mind');
      });
      await assert.rejects(failing, /never mind/);
      assert.equal(await database.models.Video.count(), before);
    });

    test('a list is searched in any case and literally, sorted, and paged', async () => {
      const owner = await createAccount(database.models, account('lister@example.org'));
      for (const fileName of ['Banana 100%.mp4', 'apple_pie.mp4', 'Cherry.mp4']) {
        await makeVideo(fileName, { userId: owner.id });
      }
      await makeVideo('deleted.mp4', { userId: owner.id, deletedAt: new Date() });
      const titles = async (page: Partial<Parameters<typeof listVideos>[2]>) => {
        const all = { limit: 10, offset: 0, sort: 'title', ...page } as const;
        const { rows, count } = await listVideos(database.models, owner.id, all);
        return [count, ...rows.map(({ title }) => title)];
      };
      assert.deepEqual(await titles({}), [3, 'apple_pie', 'Banana 100%', 'Cherry']);
      assert.deepEqual(await titles({ limit: 1, offset: 2 }), [3, 'Cherry']);
      assert.deepEqual(await titles({ search: 'APPLE' }), [1, 'apple_pie']);
      assert.deepEqual(await titles({ search: '%' }), [1, 'Banana 100%']);
      assert.deepEqual(await titles({ search: '_' }), [1, 'apple_pie']);
      assert.deepEqual(await titles({ search: "'; DROP TABLE videos; --" }), [0]);
      assert.deepEqual(await titles({ status: 'online' }), [0]);
      assert.deepEqual((await titles({ sort: 'newest' }))[1], 'Cherry');
    });

    test('sources, frames done, and what is left of each kind', async () => {
      const { models } = database;
      const video = await makeVideo('progress.mp4', { planVersion: 2 });
      const source = {
        format: 'HLS',
        frameRate: 25,
        bandwidth: 1,
        averageBandwidth: 1,
        codecs: 'c',
      } as const;
      for (const height of [360, 1080, 720]) {
        await models.VideoSource.create({
          ...source,
          videoId: video.id,
          quality: `${height}p`,
          key: 'k',
          width: height * 2,
          height,
        });
      }
      const sources = (await findSources(models, [video.id])).get(video.id);
      assert.deepEqual(
        sources?.map(({ quality }) => quality),
        ['1080p', '720p', '360p'],
      );

      const startedAt = new Date(Date.now() - 10_000);
      const finishedAt = new Date(startedAt.getTime() + 4_000);
      const task = (planVersion: number, position: number) => ({
        ...newTask(video.id, planVersion, null, startedAt),
        kind: 'encode' as const,
        position,
        spec: { kind: 'inspect', source: { key: 'k', sizeBytes: 1 } } as const,
        unitsTotal: 100,
      });
      await models.Task.create({ ...task(1, 0), state: 'canceled', unitsDone: 99 });
      await models.Task.create({ ...task(2, 0), state: 'done', unitsDone: 100, startedAt, finishedAt });
      await models.Task.create({ ...task(2, 1), state: 'running', unitsDone: 20, startedAt: finishedAt });
      await models.Task.create({ ...task(2, 2) });
      const progress = (await findEncodeProgress(models, [video])).get(video.id);
      assert.deepEqual(progress, { unitsDone: 120, unitsTotal: 300, firstStartedAt: startedAt.getTime() });
      const backlog = (await findBacklog(models)).find(({ kind }) => kind === 'encode');
      assert.equal(backlog?.units, 180);
      const speed = (await findSpeeds(models)).find(({ kind }) => kind === 'encode');
      assert.deepEqual(speed, { kind: 'encode', units: 100, seconds: 4 });
      const counts = await countTasks(models);
      assert.deepEqual([counts.done, counts.running, counts.canceled, counts.failed], [1, 1, 1, 0]);
      assert.equal((await findOldestPending(models, new Date()))?.getTime(), startedAt.getTime());
    });

    test('deleting a video takes its uploads, tasks and sources along', async () => {
      const { models } = database;
      const video = await makeVideo('cascade.mp4', { sizeBytes: 1 });
      await models.Upload.create({ ...newUpload(video.id), storeUploadId: 'u' });
      await database.transaction((transaction) =>
        startTranscode({ models, transaction, video, requestId: null }),
      );
      await models.Video.destroy({ where: { id: video.id } });
      assert.equal(await models.Upload.findByPk(video.id), null);
      assert.equal(await models.Task.count({ where: { videoId: video.id } }), 0);
    });

    test('the newest unfinished upload of a file is found, unless it has expired', async () => {
      const { models } = database;
      const fingerprint = 'ab'.repeat(32);
      const file = { fingerprint, sizeBytes: 6_000_000_000 };
      const open = { ...file, storeUploadId: 'u', partSizeBytes: 16_777_216, partCount: 358 };
      const [first, second] = [await makeVideo('a.mp4'), await makeVideo('a.mp4')];
      await models.Upload.create({ ...newUpload(first.id), ...open });
      await models.Upload.create({ ...newUpload(second.id), ...open });
      const find = () => findResumableUpload(models, user.id, file);
      assert.deepEqual([(await find())?.video.id, (await find())?.sizeBytes], [second.id, 6_000_000_000]);
      await models.Upload.update({ expiresAt: new Date(0) }, { where: { videoId: second.id } });
      assert.equal((await find())?.video.id, first.id);
      assert.equal(await findResumableUpload(models, user.id + 1, file), null);
    });

    test('a worker sends heartbeat after heartbeat', async () => {
      const { models } = database;
      const now = new Date();
      const row = { id: 'w', host: 'h', version: '0', cpus: 1.5, reason: null, taskId: null, startedAt: now };
      await models.Worker.upsert({ ...row, state: 'idle', lastSeenAt: new Date(0) });
      assert.deepEqual(await findWorkers(models, now), []);
      await models.Worker.upsert({ ...row, state: 'busy', lastSeenAt: now });
      const workers = await findWorkers(models, now);
      assert.deepEqual(
        workers.map(({ id, state, cpus }) => [id, state, cpus]),
        [['w', 'busy', 1.5]],
      );
    });

    function newUpload(videoId: number) {
      return {
        videoId,
        userId: user.id,
        storeUploadId: null,
        sizeBytes: null,
        partSizeBytes: null,
        partCount: null,
        fingerprint: null,
        lastModifiedMs: 1_700_000_000_123,
        expiresAt: new Date(Date.now() + 60_000),
      };
    }
  });
}

function codeOf(error: unknown): string | undefined {
  return error instanceof ReelmillError ? error.code : undefined;
}
