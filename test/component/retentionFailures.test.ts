import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { Candidate, RetentionJob } from '../../server/src/maintenance/job.ts';
import { lockJob } from '../../server/src/maintenance/jobLock.ts';
import { RETENTION_JOBS } from '../../server/src/maintenance/registry.ts';
import { runScheduled } from '../../server/src/maintenance/run.ts';
import { type ApiUser, DocumentedApi } from '../support/apiClient.ts';
import { PretendTranscode } from '../support/pretendTranscode.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { uploadSomething } from '../support/uploads.ts';

const DAY_MS = 86_400_000;
const RETRY_MS = 60_000;

describe('what retention cannot remove', () => {
  let server: TestServer;
  let user: ApiUser;
  before(async () => {
    server = await startTestServer({ env: { RETAIN_SOURCES_DAYS: '30' } });
    user = await (await DocumentedApi.of(server.url)).signUp('ann');
  });
  after(() => server.stop());

  const rowOf = ({ name }: RetentionJob) =>
    server.context.database.models.RetentionJob.findByPk(name, { rejectOnEmpty: true });
  /** As if nothing had run before and no first run needed permission. */
  const makeDue = async ({ name, intervalMs }: RetentionJob) => {
    const { RetentionJob: Jobs } = server.context.database.models;
    await Jobs.destroy({ where: { name } });
    await Jobs.create({
      name,
      nextRunAt: new Date(0),
      settings: intervalMs > 0 ? { RETAIN_SOURCES_DAYS: 30 } : null,
    });
  };
  const run = (job: RetentionJob, context = server.context) =>
    runScheduled(context, job, new AbortController().signal);
  const publishOld = async (): Promise<number> => {
    const videoId = await uploadSomething(user);
    await (await PretendTranscode.plan(server.context, videoId, {})).publish();
    const onlineAt = new Date(Date.now() - 31 * DAY_MS);
    await server.context.database.models.Video.update({ onlineAt }, { where: { id: videoId } });
    return videoId;
  };
  const sourceOf = async (id: number) => {
    const video = await server.context.database.models.Video.findByPk(id, { rejectOnEmpty: true });
    return { video, stored: await server.context.store.stat(video.sourceKey) };
  };
  /** The store of the server, which refuses to remove some keys, and says that it is away if it is. */
  const contextWith = (refused: ReadonlySet<string>, isAway: () => boolean = () => false) => {
    const fail = () => Promise.reject(new ReelmillError('unavailable', 'the store refuses'));
    const store = new Proxy(server.context.store, {
      get(target, property) {
        if (property === 'remove') {
          return (keys: string[]) => (keys.some((key) => refused.has(key)) ? fail() : target.remove(keys));
        }
        if (property === 'check' && isAway()) return fail;
        const value: unknown = Reflect.get(target, property);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    return { ...server.context, store };
  };
  const metricOf = async (job: RetentionJob): Promise<string | undefined> => {
    const { text } = await fetch(`${server.url}/metrics`).then(async (response) => ({
      text: await response.text(),
    }));
    return text
      .split('\n')
      .find((line) => line.startsWith(`reelmill_retention_not_removed{`) && line.includes(job.name));
  };

  test('four sources that cannot be removed keep none of the others', async () => {
    const job = RETENTION_JOBS.old_sources;
    const ids: number[] = [];
    for (let count = 0; count < 6; count += 1) ids.push(await publishOld());
    const sources = await Promise.all(ids.map(sourceOf));
    const refused = new Set(sources.slice(0, 4).map(({ video }) => video.sourceKey));
    await makeDue(job);
    await run(job, contextWith(refused));
    for (const [index, id] of ids.entries()) {
      const { video, stored } = await sourceOf(id);
      assert.deepEqual([stored !== null, video.sourceRemovedAt === null], [index < 4, index < 4], `${index}`);
    }
    const { result, error, nextRunAt } = await rowOf(job);
    assert.deepEqual([result?.items, result?.failed, error], [2, 4, null]);
    assert.ok(nextRunAt.getTime() > Date.now() + job.intervalMs - RETRY_MS);
    assert.match((await metricOf(job)) ?? '', / 4$/);

    await makeDue(job);
    await run(job);
    for (const id of ids) assert.equal((await sourceOf(id)).stored, null);
  });

  test('a store that is away ends the run, and what it removed before still counts', async () => {
    const job = RETENTION_JOBS.old_sources;
    const ids: number[] = [];
    for (let count = 0; count < 5; count += 1) ids.push(await publishOld());
    const sources = await Promise.all(ids.map(sourceOf));
    const refused = new Set(sources.slice(1).map(({ video }) => video.sourceKey));
    await makeDue(job);
    await assert.rejects(
      run(
        job,
        contextWith(refused, () => true),
      ),
      /the store refuses/,
    );
    const { result, error, position, nextRunAt } = await rowOf(job);
    assert.deepEqual([result?.items, error, position], [1, 'the store refuses', 0]);
    assert.ok(nextRunAt.getTime() > Date.now());
    await server.context.database.models.RetentionJob.update(
      { nextRunAt: new Date(0) },
      { where: { name: job.name } },
    );
    const lease = await lockJob(server.context.database.models, job, {
      trigger: 'schedule',
      position: 'schedule',
    });
    assert.equal(lease?.removedBefore, 1);
    await lease?.fail(new Error('once more'));
    assert.equal((await rowOf(job)).result?.items, 1);
    await server.context.database.models.RetentionJob.update(
      { nextRunAt: new Date(0) },
      { where: { name: job.name } },
    );
    await run(job);
    for (const id of ids) assert.equal((await sourceOf(id)).stored, null);
    assert.deepEqual([(await rowOf(job)).result?.items, (await rowOf(job)).error], [5, null]);
  });

  test('a job whose rows say what is due looks once, and waits a minute with what it could not remove', async () => {
    let looks = 0;
    let tried = 0;
    const stuck: Candidate = {
      videoId: 1,
      ...{ key: 'raw/1/film.mp4', objects: 1, sizeBytes: 1, since: new Date(), reason: 'test' },
      remove: async () => {
        tried += 1;
        throw new Error('permission denied');
      },
    };
    const job: RetentionJob = {
      ...RETENTION_JOBS.late_uploads,
      find: async () => {
        looks += 1;
        return { candidates: [stuck], nextPosition: null };
      },
    };
    await makeDue(job);
    await run(job);
    await run(job);
    assert.deepEqual([looks, tried], [1, 1]);
    const wait = (await rowOf(job)).nextRunAt.getTime() - Date.now();
    assert.ok(wait > 0 && wait <= RETRY_MS, `${wait} ms`);
  });

  test('a deleted video that cannot be looked at keeps no other from going', async () => {
    const { models } = server.context.database;
    const [broken, other] = [await uploadSomething(user), await uploadSomething(user)];
    for (const id of [broken, other]) await user.call('DELETE', `/videos/${id}`);
    await models.Video.update({ purgeAfter: new Date(0) }, { where: { id: [broken, other] } });
    const context = contextWith(new Set());
    const { sourceKey } = await models.Video.findByPk(broken, { rejectOnEmpty: true });
    const folder = sourceKey.split('/').slice(0, 2).join('/');
    const { store } = context;
    const list = (prefix: string) => {
      if (prefix.startsWith(folder)) throw new Error('permission denied');
      return store.list(prefix);
    };
    const refusing = new Proxy(store, {
      get: (target, property) => (property === 'list' ? list : Reflect.get(target, property)),
    });
    await makeDue(RETENTION_JOBS.deleted_videos);
    const { sourceKey: otherKey } = await models.Video.findByPk(other, { rejectOnEmpty: true });
    assert.notEqual(await store.stat(otherKey), null);
    await run(RETENTION_JOBS.deleted_videos, { ...context, store: refusing });
    assert.equal(await store.stat(otherKey), null);
    assert.notEqual(await store.stat(sourceKey), null);
    assert.equal((await rowOf(RETENTION_JOBS.deleted_videos)).result?.failed, 1);
  });
});
