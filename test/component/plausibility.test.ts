import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { farmSchema } from '@reelmill/shared/contracts/admin.ts';
import { auditListSchema } from '@reelmill/shared/contracts/audit.ts';
import {
  type RetentionJob,
  type RetentionJobName,
  retentionAllowResponseSchema,
  retentionSchema,
} from '@reelmill/shared/contracts/retention.ts';
import { newVideoFolder, objectKeys, videoFolder } from '@reelmill/shared/core/objectKeys.ts';
import type { ServerConfig } from '@reelmill/shared/runtime/config.ts';
import type { VideoRow } from '../../server/src/db/rows.ts';
import { RETENTION_JOBS } from '../../server/src/maintenance/registry.ts';
import { runScheduled } from '../../server/src/maintenance/run.ts';
import { newVideo } from '../../server/src/uploads/initiateUpload.ts';
import { type ApiUser, DocumentedApi } from '../support/apiClient.ts';
import { runReelmill } from '../support/cli.ts';
import { makeTemporaryFolder, waitFor } from '../support/processes.ts';
import { parseMetrics, sumOf } from '../support/readMetrics.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { beginMultipart, put } from '../support/uploads.ts';

const ADMIN = { email: 'boss@example.org', password: 'the password of the boss' };
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const HEARTBEAT = { where: { name: 'servers' } };

/** A server that may remove two things, or two in a hundred, without being asked; each test has one of its own. */
describe('removing is stopped where it is not plausible', () => {
  let server: TestServer;
  let user: ApiUser;
  let admin: ApiUser;
  let userId: number;

  before(async () => {
    server = await startTestServer({
      env: {
        ADMIN_EMAIL: ADMIN.email,
        ADMIN_PASSWORD: ADMIN.password,
        RETENTION_MAX_ITEMS: '2',
        RETENTION_MAX_PERCENT: '2',
        RETAIN_SOURCES_DAYS: '30',
      },
    });
    const api = await DocumentedApi.of(server.url);
    user = await api.signUp('ann');
    admin = await api.logIn(ADMIN);
    userId = Number(await models().User.max('id'));
    // a first run goes by the settings, and finds nothing
    await waitFor('the first round', async () => (await rowOf('old_sources'))?.finishedAt);
    await waitFor('the first heartbeat', async () => (await models().Heartbeat.findOne(HEARTBEAT))?.beatAt);
  });
  after(() => server?.stop());

  const models = () => server.context.database.models;
  const rowOf = (name: RetentionJobName) => models().RetentionJob.findByPk(name);
  const jobOf = async (name: RetentionJobName): Promise<RetentionJob> => {
    const { jobs } = (await admin.call('GET', '/admin/retention')).as(retentionSchema);
    return jobs.find((one) => one.name === name) ?? assert.fail(name);
  };
  /** As the schedule does it, without waiting until it is due; as a server that was started with `changes`. */
  const runDue = async (name: RetentionJobName, changes: Partial<ServerConfig> = {}): Promise<void> => {
    await models().RetentionJob.update({ nextRunAt: new Date(0) }, { where: { name } });
    const context = { ...server.context, config: { ...server.context.config, ...changes } };
    await runScheduled(context, RETENTION_JOBS[name], new AbortController().signal);
  };
  const allow = (job: RetentionJobName, items?: number) =>
    admin.call('POST', '/admin/retention/allow', {
      body: { job, ...(items === undefined ? {} : { items }) },
    });
  const addOnline = async (count: number, daysAgo: number): Promise<VideoRow[]> => {
    const videos: VideoRow[] = [];
    for (let index = 0; index < count; index += 1) {
      const video = await models().Video.create(newVideo(userId, { file_name: 'film.mp4' }));
      const objectFolder = newVideoFolder(video.id, 'ab'.repeat(16));
      const sourceKey = objectKeys.source(objectFolder, 'film.mp4');
      const onlineAt = new Date(Date.now() - daysAgo * DAY_MS);
      await video.update({
        objectFolder,
        sourceKey,
        onlineAt,
        status: 'online',
        planVersion: 2,
        sizeBytes: 3,
      });
      await putObject(sourceKey);
      videos.push(video);
    }
    return videos;
  };
  const putObject = (key: string) =>
    server.context.store.put(key, Buffer.from('old'), { contentType: 'video/mp4', sizeBytes: 3 });
  const sourcesOf = async (videos: readonly VideoRow[]): Promise<number> => {
    const found = await Promise.all(videos.map(({ sourceKey }) => server.context.store.stat(sourceKey)));
    return found.filter((object) => object !== null).length;
  };
  const removeAll = async (): Promise<void> => {
    await models().Video.destroy({ where: {} });
  };
  const logged = (pattern: RegExp): number => server.logLines().filter((line) => pattern.test(line)).length;
  const setHeartbeat = (beatAt: Date) => models().Heartbeat.update({ beatAt }, HEARTBEAT);

  test('more than a run may remove waits, is shown everywhere, and goes when an administrator allows so many', async () => {
    const old = await addOnline(4, 31);
    const young = await addOnline(3, 29);
    await runDue('old_sources');
    await runDue('old_sources');
    assert.equal(await sourcesOf([...old, ...young]), 7);
    const { stopped } = await jobOf('old_sources');
    assert.deepEqual([stopped?.kind, stopped?.items, stopped?.limit], ['count', 4, 2]);
    assert.match(stopped?.reason ?? '', /would remove 4 of 7.*at most 2/);
    assert.equal(logged(/retention job stopped/), 1);
    const farm = (await admin.call('GET', '/admin/farm')).as(farmSchema);
    assert.deepEqual(farm.stopped_jobs, [{ job: 'old_sources', ...stopped }]);
    const gauge = async () => {
      const { text } = await admin.call('GET', '//metrics');
      return sumOf(parseMetrics(text), 'reelmill_retention_stopped', { retention_job: 'old_sources' });
    };
    assert.equal(await gauge(), 1);

    const byHand = await admin.call('POST', '/admin/retention/run', {
      body: { job: 'old_sources', dry_run: false },
    });
    assert.deepEqual([byHand.status, byHand.error.code], [409, 'retention_stopped']);
    assert.equal(await sourcesOf(old), 4);

    // one of them is gone by itself: what waits goes on waiting
    await models().Video.update(
      { onlineAt: new Date() },
      { where: { id: [old[0]?.id ?? 0, old[1]?.id ?? 0] } },
    );
    await runDue('old_sources');
    assert.equal(await sourcesOf(old), 4);
    await models().Video.update(
      { onlineAt: new Date(Date.now() - 31 * DAY_MS) },
      { where: { id: [old[0]?.id ?? 0, old[1]?.id ?? 0] } },
    );

    assert.equal(
      (await user.call('POST', '/admin/retention/allow', { body: { job: 'old_sources' } })).status,
      403,
    );
    assert.deepEqual((await allow('old_sources', 3)).error.code, 'state_conflict');
    assert.deepEqual((await allow('leftovers')).error.code, 'state_conflict');
    const answer = await allow('old_sources', 4);
    assert.equal(answer.as(retentionAllowResponseSchema).allowance?.items, 4);
    const { entries } = (await admin.call('GET', '/admin/audit?action=retention.allow')).as(auditListSchema);
    assert.deepEqual(
      [entries.length, entries[0]?.target?.id, entries[0]?.details.items, entries[0]?.actor?.email],
      [1, 'old_sources', 4, ADMIN.email],
    );
    await runDue('old_sources');
    assert.deepEqual([await sourcesOf(old), await sourcesOf(young)], [0, 3]);
    const after = await jobOf('old_sources');
    assert.deepEqual([after.stopped, after.allowance, await gauge()], [null, null, 0]);

    // it was allowed once
    await addOnline(4, 31);
    await runDue('old_sources');
    assert.equal((await jobOf('old_sources')).stopped?.items, 4);
    await removeAll();
    await runDue('old_sources');
  });

  test('the command line shows a stop, runs the others and lets it continue', async () => {
    const config = await makeTemporaryFolder('plausibility-cli');
    try {
      const login = ['login', '--server', server.url, '--email', ADMIN.email, '--password-stdin'];
      assert.equal((await runReelmill(config.path, login, `${ADMIN.password}\n`)).code, 0);
      const cli = (...args: string[]) => runReelmill(config.path, ['admin', 'retention', ...args]);
      const old = await addOnline(3, 31);
      const ran = await cli('--run');
      assert.equal(ran.code, 1);
      assert.match(ran.stderr, /^old_sources: stopped\. It would remove 3 of 3/m);
      assert.match(ran.stdout, /^leftovers: removed nothing$/m);
      assert.match((await cli()).stdout, /--allow old_sources$/m);
      assert.match(
        (await cli('--allow', 'old_sources')).stdout,
        /^old_sources: may remove 3 items until 20/m,
      );
      assert.equal((await cli('--run', '--job', 'old_sources')).code, 0);
      assert.equal(await sourcesOf(old), 0);
      assert.equal((await cli('--allow', 'old_sources')).code, 1);
      assert.equal((await cli('--allow', 'old_sources', '--run')).code, 2);
    } finally {
      await config.remove();
      await removeAll();
    }
  });

  test('a look through the store removes nothing of a page that is too much, and counts the rest', async () => {
    // two pages are as much as may go
    const videos = await addOnline(65, 1);
    const keys = videos.map((video) => objectKeys.segment(videoFolder(video), '720p', 1, 7));
    for (const key of keys) await putObject(key);
    await models().Video.update({ status: 'failed', cleanAfter: new Date() }, { where: {} });
    const left = async (): Promise<number> => {
      const found = await Promise.all(keys.map((key) => server.context.store.stat(key)));
      return found.filter((object) => object !== null).length;
    };
    const stopOf = async () => (await jobOf('leftovers')).stopped;
    const stopped = await waitFor('it is stopped', async () => {
      await runDue('leftovers');
      return stopOf();
    });
    assert.deepEqual([stopped.kind, stopped.items, stopped.limit, await left()], ['count', 25, 40, 25]);
    await allow('leftovers', 25);
    await waitFor('all of it is gone', async () => {
      await runDue('leftovers');
      return (await left()) === 0;
    });
    assert.equal(await stopOf(), null);
    await removeAll();
  });

  test('what users delete goes at once, however much of it', async () => {
    const videos = await addOnline(9, 1);
    for (const { id } of videos.slice(1)) await user.call('DELETE', `/videos/${id}`);
    await runDue('deleted_videos');
    assert.equal(await sourcesOf(videos), 1);
    await removeAll();
  });

  test('one user who lets many uploads expire at once stops nothing', async () => {
    const begun: number[] = [];
    for (let index = 0; index < 9; index += 1) begun.push((await beginMultipart(user, 1_000)).videoId);
    await models().Upload.update({ expiresAt: new Date() }, { where: {} });
    await waitFor('they were aborted', async () => {
      await runDue('stale_uploads');
      assert.equal((await jobOf('stale_uploads')).stopped, null);
      return (await models().Upload.count({ where: { videoId: begun } })) === 0;
    });
    await removeAll();
  });

  test('a retention that became shorter removes nothing before an administrator allows it', async () => {
    const videos = await addOnline(2, 2);
    const shorter = { RETAIN_SOURCES_DAYS: 1 };
    await runDue('old_sources', shorter);
    await runDue('old_sources', shorter);
    assert.equal(await sourcesOf(videos), 2);
    const { stopped } = await jobOf('old_sources');
    assert.deepEqual([stopped?.kind, stopped?.items, stopped?.limit], ['setting', 2, 0]);
    assert.match(stopped?.reason ?? '', /RETAIN_SOURCES_DAYS=1\b/);
    // mended, it goes on by itself
    await runDue('old_sources');
    assert.equal((await jobOf('old_sources')).stopped, null);
    assert.equal(await sourcesOf(videos), 2);
    await runDue('old_sources', shorter);
    await allow('old_sources', 2);
    await runDue('old_sources', shorter);
    assert.equal(await sourcesOf(videos), 0);
    const later = await addOnline(1, 2);
    await runDue('old_sources', shorter);
    assert.equal(await sourcesOf(later), 0);
    await removeAll();
  });

  test('years of old sources wait for an administrator where retention is turned on, and then go', async () => {
    await models().RetentionJob.destroy({ where: { name: 'old_sources' } });
    const videos = await addOnline(9, 900);
    await runDue('old_sources');
    assert.deepEqual([(await jobOf('old_sources')).stopped?.kind, await sourcesOf(videos)], ['setting', 9]);
    await allow('old_sources');
    await runDue('old_sources');
    assert.equal(await sourcesOf(videos), 0);
    await removeAll();
  });

  test('a clock that was ahead of this one, or is far ahead of it, stops everything until it is right', async () => {
    const [old] = await addOnline(1, 31);
    const { videoId } = await beginMultipart(user, 20);
    for (const beatAt of [new Date(Date.now() + HOUR_MS), new Date(Date.now() - 400 * DAY_MS)]) {
      await setHeartbeat(beatAt);
      await models().Upload.update({ expiresAt: new Date(Date.now() - 1_000) }, { where: { videoId } });
      for (const job of ['old_sources', 'stale_uploads'] as const) {
        await runDue(job);
        assert.equal((await jobOf(job)).stopped?.kind, 'clock', `${job} at ${beatAt.toISOString()}`);
      }
      assert.equal(await sourcesOf(old ? [old] : []), 1);
      assert.equal((await models().Video.findByPk(videoId))?.status, 'uploading');
      const doubt = (await admin.call('GET', '/admin/retention')).as(retentionSchema).clock_doubt;
      assert.match(doubt ?? '', /The clock of .* says/);
      // to whoever uploads it is open
      assert.equal((await user.call('GET', `/videos/${videoId}/upload`)).status, 200);
      const byHand = await admin.call('POST', '/admin/retention/run', {
        body: { job: 'old_sources', dry_run: false },
      });
      assert.equal(byHand.error.code, 'retention_stopped');

      await setHeartbeat(new Date());
      await runDue('stale_uploads');
      assert.equal((await jobOf('stale_uploads')).stopped, null);
    }
    await runDue('old_sources');
    assert.equal(await sourcesOf(old ? [old] : []), 0);
    assert.equal((await jobOf('old_sources')).stopped, null);
    await removeAll();
  });

  test('an administrator can say that a clock is right', async () => {
    await setHeartbeat(new Date(Date.now() - 400 * DAY_MS));
    await runDue('stray_uploads');
    assert.equal((await jobOf('stray_uploads')).stopped?.kind, 'clock');
    assert.equal((await allow('stray_uploads')).as(retentionAllowResponseSchema).allowance, null);
    const retention = (await admin.call('GET', '/admin/retention')).as(retentionSchema);
    assert.deepEqual(
      [retention.clock_doubt, retention.jobs.flatMap(({ stopped }) => stopped ?? [])],
      [null, []],
    );
  });

  test('after days without a server open uploads have their whole time again, and sources are kept for as long', async () => {
    await models().Heartbeat.update({ graceFrom: null, graceUntil: null }, HEARTBEAT);
    const [due, before] = [await addOnline(1, 31), await addOnline(1, 40)];
    const { videoId, plan } = await beginMultipart(user, 20);
    const { context } = server;
    const expireAndGo = (awayMs: number) =>
      context.database.transaction(async (transaction) => {
        const expiresAt = new Date(Date.now() - 60_000);
        await models().Upload.update({ expiresAt }, { where: { videoId }, transaction });
        const beatAt = new Date(Date.now() - awayMs);
        await models().Heartbeat.update({ beatAt }, { ...HEARTBEAT, transaction });
      });
    await expireAndGo(4 * DAY_MS);
    await runDue('stale_uploads');
    const { expiresAt } = await models().Upload.findByPk(videoId, { rejectOnEmpty: true });
    assert.ok(expiresAt.getTime() > Date.now() + 6 * DAY_MS);
    assert.equal(await put(plan.urls[0]?.url, new Uint8Array(20)), 200);
    assert.equal((await jobOf('stale_uploads')).stopped, null);
    assert.equal(logged(/deadlines counted from the recovery/) > 0, true);
    // what was due before goes, what became so meanwhile does not
    await runDue('old_sources');
    assert.deepEqual([await sourcesOf(due), await sourcesOf(before)], [1, 0]);
    await models().Heartbeat.update({ graceUntil: new Date() }, HEARTBEAT);
    await runDue('old_sources');
    assert.equal(await sourcesOf(due), 0);

    // an hour is no outage
    await expireAndGo(HOUR_MS);
    await runDue('stale_uploads');
    assert.equal((await models().Video.findByPk(videoId))?.status, 'canceled');
  });
});
