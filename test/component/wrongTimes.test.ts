import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { readServerConfig } from '@reelmill/shared/runtime/config.ts';
import { col, type Model, type ModelStatic, type WhereOptions } from 'sequelize';
import { readHeartbeat, readTime, recordHeartbeat } from '../../server/src/clock/heartbeat.ts';
import { claimTasks } from '../../server/src/dispatch/claimTasks.ts';
import { type SweeperMemory, sweepOnce } from '../../server/src/dispatch/sweeper.ts';
import { newDelivery, newMessage } from '../../server/src/events/videoEvents.ts';
import { boundTimes } from '../../server/src/maintenance/boundTimes.ts';
import { pruneWorkers } from '../../server/src/maintenance/pruneWorkers.ts';
import { publishVideo } from '../../server/src/publish/publishVideo.ts';
import { applyEvent } from '../../server/src/results/eventConsumer.ts';
import { applyStarted } from '../../server/src/results/liveness.ts';
import { ProgressKeeper } from '../../server/src/results/progressKeeper.ts';
import { claimDeliveries } from '../../server/src/webhooks/deliveries.ts';
import { saveOutcome } from '../../server/src/webhooks/saveOutcome.ts';
import { type BenchDatabase, type FarmBench, openFarmBench, signEvent } from '../support/farmBench.ts';
import { factsOf, resultOf } from '../support/taskResults.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const YEAR_MS = 365 * DAY_MS;

const FACTS = factsOf({ durationSeconds: 4 });
const CONFIG = readServerConfig({ LEASE_SECONDS: '30' });

type AnyModel = ModelStatic<Model>;

for (const database of ['SQLite', 'MariaDB'] satisfies BenchDatabase[]) {
  suite(`times that a wrong clock left on ${database}`, () => {
    let bench: FarmBench;
    let userId: number;
    before(async () => {
      bench = await openFarmBench(database);
      userId = (await bench.addUser()).id;
      await readHeartbeat(models());
      await recordHeartbeat(models(), new Date());
    });
    after(() => bench.close());

    const models = () => bench.context.database.models;
    const ahead = (ms: number) => new Date(Date.now() + ms);
    const sweep = (changes: object = {}) =>
      boundTimes({ ...bench.context, config: { ...CONFIG, ...changes } });

    /** How far ahead a time is, in milliseconds. */
    const leftOf = async (model: AnyModel, where: WhereOptions, column: string) => {
      const row = await model.findOne({ where, rejectOnEmpty: true });
      const value: unknown = row.get(column);
      assert.ok(value instanceof Date, column);
      return value.getTime() - Date.now();
    };
    const write = async (model: AnyModel, where: WhereOptions, values: object) => {
      // an update of nothing but `updatedAt` would be left out
      const others = 'updatedAt' in values ? { createdAt: col('created_at') } : {};
      await model.update({ ...others, ...values }, { where, silent: true });
    };

    const addRunning = async () => {
      const video = await bench.addVideo();
      const [first] = await bench.tasksOf(video.id);
      assert.ok(first);
      await claimTasks(models(), [first.id]);
      await first.reload();
      await applyStarted(bench.context, signEvent(first, { type: 'started' as const }));
      return first.reload();
    };

    test('keep nothing waiting: each is bounded by what a right clock can write, and others stay', async () => {
      const m = models();
      const task = await addRunning();
      const queued = await addRunning();
      const waiting = await addRunning();
      await write(m.Task, { id: queued.id }, { state: 'queued' });
      await write(m.Task, { id: waiting.id }, { state: 'pending' });
      const video = { id: task.videoId };
      await m.Upload.create({
        ...{ videoId: task.videoId, userId, storeUploadId: null, sizeBytes: 3, partSizeBytes: null },
        ...{ partCount: null, fingerprint: null, lastModifiedMs: null, expiresAt: ahead(0) },
      });
      const usage = await m.TranscodeUsage.create({ userId, videoId: 1, seconds: 60, createdAt: ahead(0) });
      await m.Worker.create({
        ...{ id: 'w', host: 'h', version: '1', cpus: 1, state: 'idle', reason: null, taskId: null },
        ...{ startedAt: ahead(0), lastSeenAt: ahead(0) },
      });
      await m.LoginAttempt.create({ subject: 'a', failures: 12, windowEndsAt: ahead(0), retryAt: ahead(0) });
      const token = await m.RefreshToken.create({
        ...{ userId, family: 'f', tokenHash: 'h', expiresAt: ahead(0), usedAt: null, revokedAt: null },
      });
      const device = await m.KnownDevice.create({
        ...{ userId, kind: 'network', fingerprint: 'f', lastUsedAt: ahead(0), expiresAt: ahead(0) },
      });
      const endpoint = await addEndpoint();
      await m.RetentionJob.create({ name: 'orphans', nextRunAt: ahead(0), leaseToken: 'x' });

      const table: [AnyModel, WhereOptions, string, number][] = [
        [m.Task, { id: task.id }, 'leaseExpiresAt', 30_000],
        [m.Task, { id: queued.id }, 'updatedAt', 0],
        [m.Task, { id: waiting.id }, 'waitingSince', 0],
        [m.Video, video, 'putEndsAt', 7 * DAY_MS + HOUR_MS],
        ...['onlineAt', 'deletedAt', 'transcodeStartedAt', 'legacyLinkSince', 'createdAt', 'updatedAt'].map(
          (column): [AnyModel, WhereOptions, string, number] => [m.Video, video, column, 0],
        ),
        [m.Upload, { videoId: task.videoId }, 'expiresAt', 30 * DAY_MS],
        [m.TranscodeUsage, { id: usage.id }, 'createdAt', 0],
        [m.Worker, { id: 'w' }, 'lastSeenAt', 0],
        [m.LoginAttempt, { subject: 'a' }, 'windowEndsAt', DAY_MS],
        [m.LoginAttempt, { subject: 'a' }, 'retryAt', 15 * MINUTE_MS],
        [m.RefreshToken, { id: token.id }, 'expiresAt', 30 * DAY_MS],
        [m.RefreshToken, { id: token.id }, 'usedAt', 0],
        [m.KnownDevice, { id: device.id }, 'expiresAt', 90 * DAY_MS],
        [m.KnownDevice, { id: device.id }, 'lastUsedAt', 0],
        [m.WebhookEndpoint, { id: endpoint.id }, 'failingSince', 0],
        [m.WebhookEndpoint, { id: endpoint.id }, 'previousSecretEndsAt', DAY_MS],
        [m.RetentionJob, { name: 'orphans' }, 'leaseExpiresAt', 5 * MINUTE_MS],
      ];
      // clocks that are trusted differ by minutes
      for (const beyondMs of [HOUR_MS, YEAR_MS, 3 * MINUTE_MS]) {
        for (const [model, where, column, bound] of table)
          await write(model, where, { [column]: ahead(bound + beyondMs) });
        await sweep();
        for (const [model, where, column, bound] of table) {
          const left = await leftOf(model, where, column);
          const expected = beyondMs < HOUR_MS ? bound + beyondMs : bound;
          assert.ok(
            Math.abs(left - expected) < MINUTE_MS,
            `${model.name}.${column}: ${left} of ${bound + beyondMs}`,
          );
        }
      }
      await m.Upload.destroy({ where: {} });
    });

    test('of a change in the time to come, the clean-up and the next attempt are due soon', async () => {
      const m = models();
      const { id } = await bench.addVideo();
      const other = await bench.addVideo();
      for (const aheadMs of [HOUR_MS, YEAR_MS]) {
        const late = {
          updatedAt: ahead(aheadMs),
          cleanAfter: ahead(aheadMs + MINUTE_MS),
          purgeAfter: ahead(aheadMs),
        };
        await write(m.Video, { id }, late);
        await write(m.Video, { id: other.id }, { cleanAfter: ahead(aheadMs) });
        const delivery = await addDelivery();
        await write(
          m.WebhookDelivery,
          { id: delivery.id },
          { updatedAt: ahead(aheadMs), nextAttemptAt: ahead(aheadMs) },
        );
        await sweep();
        const video = await bench.videoOf(id);
        assert.ok(video.cleanAfter && video.cleanAfter <= ahead(MINUTE_MS));
        assert.ok(video.purgeAfter && video.purgeAfter <= ahead(0));
        assert.ok(video.updatedAt <= ahead(0));
        // planned for later by a right clock
        const { cleanAfter } = await bench.videoOf(other.id);
        assert.ok(cleanAfter && cleanAfter > ahead(aheadMs - MINUTE_MS));
        await delivery.reload();
        assert.ok(delivery.nextAttemptAt <= ahead(MINUTE_MS));
        assert.ok(delivery.nextAttemptAt > ahead(0), 'a try may be under way');
        await write(m.WebhookDelivery, { id: delivery.id }, { nextAttemptAt: ahead(-1_000) });
        const room = { free: 5, perEndpoint: 5, busy: new Map<number, number>() };
        const claimed = await claimDeliveries(m, room);
        assert.deepEqual(
          claimed.map((row) => row.id),
          [delivery.id],
        );
      }
    });

    test('are left alone by a server whose own clock is behind', async () => {
      const task = await addRunning();
      const leaseExpiresAt = ahead(YEAR_MS);
      await write(models().Task, { id: task.id }, { leaseExpiresAt });
      // seen from this server: another ran an hour from now already
      await models().Heartbeat.update({ beatAt: ahead(HOUR_MS) }, { where: { name: 'servers' } });
      assert.equal(await sweep(), 0);
      assert.deepEqual((await task.reload()).leaseExpiresAt, leaseExpiresAt);
      await models().Heartbeat.update({ beatAt: ahead(0) }, { where: { name: 'servers' } });
      assert.equal(await sweep(), 1);
    });

    test('a shorter UPLOAD_TTL_HOURS shortens no upload that is open', async () => {
      const { id } = await bench.addVideo();
      const expiresAt = ahead(7 * DAY_MS);
      await models().Upload.create({
        ...{ videoId: id, userId, storeUploadId: null, sizeBytes: 3, partSizeBytes: null },
        ...{ partCount: null, fingerprint: null, lastModifiedMs: null, expiresAt },
      });
      await sweep({ UPLOAD_TTL_HOURS: 1 });
      const upload = await models().Upload.findByPk(id, { rejectOnEmpty: true });
      assert.deepEqual(upload.expiresAt, expiresAt);
    });

    /** A server whose clock differs from the database's by so much. */
    const withDatabaseClock = (differsMs: number) => {
      const { context } = bench;
      const now = () => Promise.resolve(new Date(Date.now() + differsMs));
      return { ...context, database: { ...context.database, now } };
    };
    const memory = (): SweeperMemory => ({ healthySince: Date.now() - HOUR_MS, lostWorkers: new Set() });

    test('a server whose clock is wrong takes no task away from whoever works on it, nor a worker out of the farm', async () => {
      const m = models();
      await m.Task.destroy({ where: {} });
      const [running, waiting, queued] = [await addRunning(), await addRunning(), await addRunning()];
      const availableAt = ahead(90_000);
      await write(m.Task, { id: waiting.id }, { state: 'pending', availableAt });
      await write(m.Task, { id: queued.id }, { state: 'queued' });
      const lastSeenAt = ahead(0);
      await m.Worker.upsert({
        ...{ id: 'alive', host: 'h', version: '1', cpus: 1, state: 'busy', reason: null, taskId: running.id },
        ...{ startedAt: lastSeenAt, lastSeenAt, confinement: null },
      });
      for (const differsMs of [HOUR_MS, -HOUR_MS, YEAR_MS, -YEAR_MS]) {
        // the rows are those of servers that agree with the database
        const shift = (date: Date) => new Date(date.getTime() + differsMs);
        await write(
          m.Task,
          { id: running.id },
          { leaseExpiresAt: shift(ahead(30_000)), updatedAt: shift(ahead(0)) },
        );
        await write(m.Task, { id: waiting.id }, { availableAt: shift(availableAt) });
        await write(m.Task, { id: queued.id }, { updatedAt: shift(ahead(0)) });
        await write(m.Worker, { id: 'alive' }, { lastSeenAt: shift(ahead(0)) });
        await sweepOnce(withDatabaseClock(differsMs), memory(), () => undefined);
        await pruneWorkers({ ...withDatabaseClock(differsMs), config: CONFIG });
        assert.equal((await running.reload()).state, 'running', `${differsMs}`);
        assert.equal((await queued.reload()).state, 'queued', `${differsMs}`);
        assert.deepEqual((await waiting.reload()).availableAt, shift(availableAt), `${differsMs}`);
        assert.equal(await m.Worker.count({ where: { id: 'alive' } }), 1, `${differsMs}`);
      }
      await write(m.Worker, { id: 'alive' }, { lastSeenAt: ahead(-HOUR_MS) });
      await pruneWorkers({ ...bench.context, config: CONFIG });
      assert.equal(await m.Worker.count({ where: { id: 'alive' } }), 1);
      await write(m.Worker, { id: 'alive' }, { lastSeenAt: ahead(-DAY_MS - MINUTE_MS) });
      await pruneWorkers({ ...bench.context, config: CONFIG });
      assert.equal(await m.Worker.count({ where: { id: 'alive' } }), 0);
    });

    test('a lease, and what is kept for days, is counted by the clock of the database', async () => {
      const task = await addRunning();
      const database = withDatabaseClock(YEAR_MS);
      await applyStarted(database, signEvent(task, { type: 'started' as const }));
      await task.reload();
      assert.ok(task.leaseExpiresAt && task.leaseExpiresAt > ahead(YEAR_MS));
      assert.ok((await readTime(database.database)) > ahead(YEAR_MS - MINUTE_MS));
      // without a clock of the database: not before a server was last seen
      const own = { models: models(), now: () => Promise.resolve(null) };
      await models().Heartbeat.update({ beatAt: ahead(HOUR_MS) }, { where: { name: 'servers' } });
      assert.ok((await readTime(own)) > ahead(HOUR_MS - MINUTE_MS));
      await models().Heartbeat.update({ beatAt: ahead(-MINUTE_MS) }, { where: { name: 'servers' } });
      assert.ok((await readTime(own)) <= ahead(0));
    });

    test('a video that went online, and an endpoint that failed, by a clock that is behind have the time of the database', async () => {
      const wrong = withDatabaseClock(YEAR_MS);
      const progress = new ProgressKeeper(wrong);
      const { id } = await bench.addVideo();
      const finishAll = async () => {
        const pending = (await bench.tasksOf(id)).filter(({ state }) => state === 'pending');
        await claimTasks(
          models(),
          pending.map((task) => task.id),
        );
        for (const task of pending) {
          await task.reload();
          const result = resultOf(task.spec, FACTS, id);
          await applyEvent(wrong, progress, signEvent(task, { type: 'done' as const, result, elapsedMs: 1 }));
        }
      };
      await finishAll();
      await finishAll();
      await publishVideo(wrong, await bench.videoOf(id));
      const { onlineAt } = await bench.videoOf(id);
      assert.ok(onlineAt && onlineAt > ahead(YEAR_MS - MINUTE_MS), `${onlineAt}`);

      const endpoint = await addEndpoint();
      const message = newMessage('video.online', null);
      const delivery = await models().WebhookDelivery.create(newDelivery(endpoint, message));
      const failed = { status: 500, excerpt: '', error: null, durationMs: 1 };
      await saveOutcome(wrong.database, delivery, endpoint, failed);
      const { failingSince } = await endpoint.reload();
      assert.ok(failingSince && failingSince > ahead(YEAR_MS - MINUTE_MS), `${failingSince}`);
    });

    const addEndpoint = () =>
      models().WebhookEndpoint.create({
        ...{ userId, scope: 'own', url: 'https://example.org/', description: '', events: ['video.online'] },
        ...{ secret: 's', previousSecret: null, previousSecretEndsAt: null, disabledAt: null },
        ...{ disabledReason: null, failingSince: null },
      });
    const addDelivery = async () =>
      models().WebhookDelivery.create(newDelivery(await addEndpoint(), newMessage('webhook.test', null)));
  });
}
