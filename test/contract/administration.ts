import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { listUsers, updateUser } from '@reelmill/server/admin/userAdministration.ts';
import { PRIORITY_RANKS } from '@reelmill/server/admin/videoAdministration.ts';
import { listAudit, recordAuditEvent, SYSTEM_ACTOR } from '@reelmill/server/audit/auditLog.ts';
import { insertAccount } from '@reelmill/server/auth/accounts.ts';
import { endSessionsOf, refreshSession, startSession } from '@reelmill/server/auth/sessions.ts';
import { FarmSignals } from '@reelmill/server/context/farmSignals.ts';
import { deriveSecrets } from '@reelmill/server/context/secrets.ts';
import { type Database, openDatabase } from '@reelmill/server/db/database.ts';
import { up as migrate } from '@reelmill/server/db/migrations/0003-administration.ts';
import type { UserRow, VideoRow } from '@reelmill/server/db/rows.ts';
import { findWaiting } from '@reelmill/server/dispatch/waitingTasks.ts';
import { newTask } from '@reelmill/server/transcode/tasks.ts';
import { newVideo } from '@reelmill/server/uploads/initiateUpload.ts';
import { UNLIMITED } from '@reelmill/server/users/processingLimits.ts';
import { claimNewVideo, claimSource, serializeQuotas } from '@reelmill/server/users/quotas.ts';
import { auditQuerySchema } from '@reelmill/shared/contracts/audit.ts';
import { quotaExceededSchema } from '@reelmill/shared/contracts/errors.ts';
import { readServerConfig } from '@reelmill/shared/runtime/config.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import type { RepositoryContract } from './repositories.ts';

const logger = createLogger({ level: 'silent', name: 'test' });
const GIB = 1024 ** 3;

/** What administration asks of every database: the same rules, also for several servers at once. */
/** What `serializeQuotas` returns for users of whom nothing was transcoded. */
const NOTHING_PROCESSED = {
  running_tasks: { used: 0, limit: null },
  queued_minutes: { used: 0, limit: 1440 },
  daily_minutes: { used: 0, limit: null },
};

export function describeAdministration({ name, replicas, create }: RepositoryContract): void {
  describe(`administration on ${name}`, () => {
    let created: Awaited<ReturnType<typeof create>>;
    let databases: Database[];
    let database: Database;
    before(async () => {
      created = await create();
      databases = await Promise.all(
        Array.from({ length: replicas }, () => openDatabase(created.location, logger)),
      );
      const [first] = databases;
      assert.ok(first);
      database = first;
    });
    after(async () => {
      await Promise.all((databases ?? []).map((one) => one.close()));
      await created?.dispose();
    });

    let accounts = 0;
    const addUser = (columns: Partial<UserRow> = {}): Promise<UserRow> => {
      accounts += 1;
      const email = `user${accounts}@example.org`;
      const row = { email, nickname: `User ${accounts}`, role: 'creator', passwordHash: 'none' } as const;
      return insertAccount(database.models, { ...row, ...columns });
    };
    const addVideo = (user: UserRow, columns: Partial<VideoRow> = {}): Promise<VideoRow> =>
      database.models.Video.create({ ...newVideo(user.id, { file_name: 'a.mp4' }), ...columns });
    const someReplica = (index: number): Database => databases[index % databases.length] ?? database;
    const configOf = (env: Record<string, string> = {}) => readServerConfig(env);
    const contextOf = (index = 0) => ({
      database: someReplica(index),
      config: configOf(),
      signals: new FarmSignals(),
    });
    const claim = (user: UserRow, sizeBytes: number | null, env: Record<string, string> = {}, index = 0) => {
      const { models, transaction } = someReplica(index);
      return transaction(async (within) => {
        const who = { models, config: configOf(env), transaction: within, userId: user.id };
        await claimNewVideo(who, sizeBytes);
        await models.Video.create(
          { ...newVideo(user.id, { file_name: 'a.mp4' }), sizeBytes },
          { transaction: within },
        );
      });
    };

    test('the migration can be repeated', async () => {
      const schema = database.models.User.sequelize?.getQueryInterface();
      assert.ok(schema);
      await schema.removeColumn('workers', 'wanted_state');
      await schema.removeIndex('audit_log', 'audit_log_created_at');
      const user = await addUser({ quotaBytes: 7 });
      for (let round = 0; round < 2; round++) await migrate(schema);
      const indexes = (await schema.showIndex('audit_log')) as { name: string }[]; // typed as object
      assert.equal(indexes.filter(({ name: index }) => index === 'audit_log_created_at').length, 1);
      await user.reload();
      assert.equal(Number(user.quotaBytes), 7);
      assert.equal(await database.models.Worker.count({ where: { wantedState: 'drained' } }), 0);
    });

    test('of uploads that begin at once no more get through than the quota has room for', async () => {
      const user = await addUser({ quotaBytes: 5 * GIB });
      const outcomes = await Promise.allSettled(
        Array.from({ length: 12 }, (_, index) => claim(user, 1.5 * GIB, {}, index)),
      );
      const refusals = outcomes.filter((outcome) => outcome.status === 'rejected');
      assert.equal(refusals.length, 9);
      for (const { reason } of refusals) {
        assert.ok(reason instanceof ReelmillError && reason.code === 'quota_exceeded');
        assert.deepEqual(reason.details, {
          what: 'bytes',
          limit: 5 * GIB,
          used: 4.5 * GIB,
          asked: 1.5 * GIB,
        });
        assert.match(reason.message, /4\.5 GiB of 5\.0 GiB .* 1\.5 GiB/);
      }
      await claim(user, GIB / 2);
      await assert.rejects(claim(user, null), { code: 'quota_exceeded' });
    });

    test('what is deleted or was aborted counts nothing, what failed counts', async () => {
      const user = await addUser();
      const started = new Date();
      await addVideo(user, { sizeBytes: 1, status: 'uploading' });
      await addVideo(user, { sizeBytes: 10, status: 'failed', transcodeStartedAt: started });
      await addVideo(user, { sizeBytes: 100, status: 'canceled', transcodeStartedAt: started });
      await addVideo(user, { sizeBytes: 1_000, status: 'canceled' });
      await addVideo(user, { sizeBytes: 10_000, status: 'online', deletedAt: started });
      await addVideo(user, { sizeBytes: null, status: 'uploading' });
      const nobody = await addUser({ quotaVideos: 0 });
      const quotas = await serializeQuotas({ database, config: configOf({ QUOTA_VIDEOS: '9' }) }, [
        nobody,
        user,
      ]);
      assert.deepEqual(quotas, [
        { bytes: { used: 0, limit: null }, videos: { used: 0, limit: 0 }, ...NOTHING_PROCESSED },
        { bytes: { used: 111, limit: null }, videos: { used: 4, limit: 9 }, ...NOTHING_PROCESSED },
      ]);
    });

    test('an upload beyond the minutes of a day is refused, with when there is room again', async () => {
      const user = await addUser({ quotaDailyMinutes: 60 });
      const { TranscodeUsage } = database.models;
      const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000);
      for (const hours of [30, 20, 2]) {
        await TranscodeUsage.create({
          userId: user.id,
          videoId: 1,
          seconds: 2000,
          createdAt: hoursAgo(hours),
        });
      }
      await assert.rejects(claim(user, 1), (error: ReelmillError) => {
        const { frees_at: freesAt, ...details } = quotaExceededSchema.parse(error.details);
        assert.equal(error.code, 'quota_exceeded');
        assert.deepEqual(details, { what: 'daily_minutes', limit: 60, used: 67, asked: 0 });
        assert.ok(Math.abs(Date.parse(freesAt ?? '') - hoursAgo(-4).getTime()) < 60_000);
        assert.match(error.message, /67 of 60 minutes/);
        return true;
      });
      const [quota] = await serializeQuotas({ database, config: configOf() }, [user]);
      assert.deepEqual(quota?.daily_minutes, { used: 67, limit: 60 });
      await user.update({ quotaDailyMinutes: 70 });
      await claim(user, 1);
    });

    test('a quota of one’s own goes before the configured one, also the one without a limit', async () => {
      const env = { QUOTA_VIDEOS: '1', QUOTA_BYTES: '100' };
      const usual = await addUser();
      await claim(usual, 100, env);
      await assert.rejects(claim(usual, 1, env), {
        code: 'quota_exceeded',
        message: /video limit \(1 of 1\)/,
      });
      const free = await addUser({ quotaVideos: UNLIMITED, quotaBytes: UNLIMITED });
      for (const _ of [1, 2]) await claim(free, 1_000, env);
      const more = await addUser({ quotaVideos: 2 });
      await claim(more, 10, env);
      await claim(more, 90, env);
      await assert.rejects(claim(more, 1, env), { code: 'quota_exceeded' });
    });

    test('a source counts with its real size, and not with what was announced', async () => {
      const user = await addUser({ quotaBytes: 100 });
      const [first, second] = [await addVideo(user, { sizeBytes: 60 }), await addVideo(user)];
      const claimReal = (video: VideoRow, sizeBytes: number) =>
        database.transaction((transaction) =>
          claimSource(
            { models: database.models, config: configOf(), transaction, userId: user.id },
            { videoId: video.id, sizeBytes },
          ),
        );
      await claimReal(first, 100);
      await claimReal(second, 40);
      await assert.rejects(claimReal(second, 41), { code: 'quota_exceeded' });
    });

    test('of two last admins who disable each other at once, one stays', async () => {
      const [ann, bo] = [await addUser({ role: 'admin' }), await addUser({ role: 'admin' })];
      const actor = (user: UserRow) => ({ ...SYSTEM_ACTOR, userId: user.id });
      const outcomes = await Promise.allSettled([
        updateUser(contextOf(0), ann.id, { disabled: true }, actor(bo)),
        updateUser(contextOf(1), bo.id, { role: 'creator' }, actor(ann)),
      ]);
      assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
      const admins = await database.models.User.findAll({ where: { role: 'admin', disabledAt: null } });
      assert.equal(admins.length, 1);
      const { entries } = await listAudit(database.models, auditQuerySchema.parse({ target_kind: 'user' }));
      assert.equal(entries.length, 1);
    });

    test('no session begins with a password that was replaced in the meantime', async () => {
      const user = await addUser();
      const secrets = deriveSecrets('a secret that is long enough for this test');
      const context = { database, secrets };
      const { refresh_token: before } = await startSession(context, user);
      await database.transaction((transaction) => endSessionsOf(database.models, user.id, transaction));
      await assert.rejects(startSession(context, user), { code: 'wrong_credentials' });
      await assert.rejects(refreshSession(context, before), { code: 'refresh_token_invalid' });
      await startSession(context, await user.reload());
    });

    test('accounts are found by parts of their names, by role and by state', async () => {
      await addUser({ email: 'gwen@studio.example', nickname: 'Gwendolyn', disabledAt: new Date() });
      await addUser({ email: 'hal@studio.example', nickname: 'Hal 100%' });
      const find = async (query: object) => {
        const { users, total } = await listUsers(contextOf(), { limit: 10, offset: 0, ...query });
        return [total, ...users.map(({ nickname }) => nickname)];
      };
      assert.deepEqual(await find({ search: 'STUDIO' }), [2, 'Gwendolyn', 'Hal 100%']);
      assert.deepEqual(await find({ search: '%' }), [1, 'Hal 100%']);
      assert.deepEqual(await find({ search: 'studio', disabled: true }), [1, 'Gwendolyn']);
      assert.deepEqual(await find({ search: 'studio', disabled: false, role: 'creator' }), [1, 'Hal 100%']);
      assert.deepEqual(await find({ search: 'studio', role: 'admin' }), [0]);
    });

    test('the audit log is read by page and by filter, and is never changed', async () => {
      const { models } = database;
      const user = await addUser({ email: 'auditor@example.org' });
      const actor = { userId: user.id, requestId: 'r1', address: '192.0.2.7' };
      for (const id of [1, 2, 3]) {
        const details = { from: 'low', nested: { ä: [1, null] } };
        await recordAuditEvent(models, actor, {
          action: 'video.priority',
          target: { kind: 'video', id },
          details,
        });
      }
      await recordAuditEvent(models, SYSTEM_ACTOR, {
        action: 'worker.drain',
        target: { kind: 'worker', id: 'w-1' },
      });
      const read = async (query: object) => {
        const { entries, total } = await listAudit(models, auditQuerySchema.parse(query));
        return [total, ...entries.map(({ target }) => target?.id)];
      };
      assert.deepEqual(await read({ actor: user.id }), [3, '3', '2', '1']);
      assert.deepEqual(await read({ actor: user.id, limit: 1, offset: 1 }), [3, '2']);
      assert.deepEqual(await read({ action: 'worker.drain' }), [1, 'w-1']);
      assert.deepEqual(await read({ target_kind: 'video', target_id: '2' }), [1, '2']);
      const later = new Date(Date.now() + 60_000).toISOString();
      assert.deepEqual(await read({ actor: user.id, since: later }), [0]);
      assert.deepEqual(await read({ actor: user.id, until: '2020-01-01T00:00:00+01:00' }), [0]);

      await user.update({ email: 'renamed@example.org' });
      const { entries } = await listAudit(models, auditQuerySchema.parse({ actor: user.id, limit: 1 }));
      const [{ id: _id, at, ...entry } = { id: 0, at: '' }] = entries;
      assert.ok(Math.abs(Date.parse(at) - Date.now()) < 60_000);
      assert.deepEqual(entry, {
        actor: { user_id: user.id, email: 'auditor@example.org' },
        action: 'video.priority',
        target: { kind: 'video', id: '3' },
        details: { from: 'low', nested: { ä: [1, null] } },
        request_id: 'r1',
        address: '192.0.2.7',
      });

      const row = await models.Audit.findOne({ rejectOnEmpty: true });
      await assert.rejects(row.update({ action: 'user.create' }), /append-only/);
      await assert.rejects(models.Audit.update({ actorId: null }, { where: {} }), /append-only/);
      await assert.rejects(row.destroy(), /append-only/);
      await assert.rejects(models.Audit.destroy({ where: {} }), /append-only/);
    });

    test('tasks of urgent videos are found first, those that can wait last', async () => {
      const { models } = database;
      const user = await addUser();
      const priorities = ['low', 'normal', 'high', 'normal'] as const;
      for (const priority of priorities) {
        const waits = { status: 'transcoding', phase: 'queued' } as const;
        const video = await addVideo(user, { priority: PRIORITY_RANKS[priority], ...waits });
        const spec = { kind: 'inspect', source: { key: 'k', sizeBytes: 1 } } as const;
        for (const position of [0, 1]) {
          const task = { ...newTask(video.id, 1, null, new Date()), kind: 'inspect' as const, spec };
          await models.Task.create({ ...task, position, unitsTotal: 1 });
        }
      }
      const find = async (slots: number) => {
        const round = { models, now: new Date(), slots };
        const { tasks } = await findWaiting(round, configOf(), { afterUserId: 0 });
        return tasks.map(({ priority, position }) => [priority, position]).sort();
      };
      const likely = [
        [0, 0],
        [0, 0],
        [0, 1],
        [0, 1],
        [1, 0],
        [1, 1],
      ];
      assert.deepEqual(await find(6), likely);
      assert.deepEqual(await find(7), [[-1, 0], [-1, 1], ...likely]);
    });

    test('the desired state of a worker outlives its heartbeats', async () => {
      const { Worker } = database.models;
      const now = new Date();
      const row = { id: 'w', host: 'h', version: '0', cpus: 1, reason: null, taskId: null, startedAt: now };
      await Worker.upsert({ ...row, state: 'idle', lastSeenAt: now });
      await Worker.update({ wantedState: 'drained' }, { where: { id: 'w' } });
      await Worker.upsert({ ...row, state: 'busy', lastSeenAt: now });
      const worker = await Worker.findByPk('w', { rejectOnEmpty: true });
      assert.deepEqual([worker.state, worker.wantedState], ['busy', 'drained']);
    });
  });
}
