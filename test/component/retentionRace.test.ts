import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { retentionJobNameSchema } from '@reelmill/shared/contracts/retention.ts';
import { uploadStatusSchema } from '@reelmill/shared/contracts/uploads.ts';
import { readServerConfig } from '@reelmill/shared/runtime/config.ts';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import { FarmSignals } from '../../server/src/context/farmSignals.ts';
import { type Database, openDatabase } from '../../server/src/db/database.ts';
import type { RetentionContext } from '../../server/src/maintenance/job.ts';
import { lockJob } from '../../server/src/maintenance/jobLock.ts';
import { RETENTION_JOBS } from '../../server/src/maintenance/registry.ts';
import { type ApiUser, DocumentedApi } from '../support/apiClient.ts';
import { type Distributed, openDistributed } from '../support/distributed.ts';
import { waitFor } from '../support/processes.ts';
import { beginMultipart, complete, put, uploadSomething } from '../support/uploads.ts';

const PART = 16 * 1024 ** 2;
const YEARS_MS = 3 * 365 * 86_400_000;
const ROUNDS = 4;

describe('retention on several servers, beside uploads', () => {
  let farm: Distributed;
  let second: Database;
  let contexts: RetentionContext[];
  before(async () => {
    farm = await openDistributed({ env: { RETAIN_SOURCES_DAYS: '1', RETAIN_ORPHANS_DAYS: '1' } });
    const config = readServerConfig(farm.serverEnv);
    const logger = createLogger({ level: 'silent', name: 'test' });
    second = await openDatabase({ url: farm.serverEnv.DATABASE_URL ?? '' }, logger);
    contexts = [farm.database, second].map((database) => ({
      database,
      store: farm.store,
      config,
      logger,
      signals: new FarmSignals(),
    }));
  });
  after(async () => {
    await second?.close();
    await farm?.dispose();
  });

  test('of several servers one runs a job that is due', async () => {
    const job = RETENTION_JOBS.old_sources;
    const claim = { trigger: 'schedule', position: 'schedule' } as const;
    const claims = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        lockJob(contexts[index % 2]?.database.models ?? farm.database.models, job, claim),
      ),
    );
    const [lease, ...others] = claims.filter((one) => one !== null);
    assert.ok(lease);
    assert.deepEqual(others, []);
    const result = { items: 0, objects: 0, bytes: 0, failed: 0, examples: [], complete: true };
    await lease.finish({ result, nextPosition: 50 }, {});
    const next = await lockJob(second.models, job, claim);
    assert.equal(next?.row.position, 50);
    await next?.finish({ result, nextPosition: null }, {});
    assert.equal(await lockJob(second.models, job, claim), null);
  });

  test('nothing goes that an upload or a transcode needs, however eager the jobs are', async () => {
    const server = await farm.startServer();
    const user = await (await DocumentedApi.of(server.url)).signUp('ann');
    let stopped = false;
    const eager = contexts.map((context) => tidyUntil(context, () => stopped));
    const flows = Array.from({ length: ROUNDS }, () => [
      uploadInParts(user),
      uploadSomething(user),
      cancelAndRetry(user),
      publishAtOnce(user),
    ]);
    const ids = await Promise.all(flows.flat());
    const { videoId: open, plan } = await beginMultipart(user, PART + 5);
    assert.equal(await put(plan.urls[1]?.url, new Uint8Array(5)), 200);
    const rounds = await waitForRound(contexts);
    stopped = true;
    await Promise.all(eager);
    assert.ok(rounds > 0);

    const videos = await farm.database.models.Video.findAll({ where: { id: ids } });
    assert.equal(videos.length, ids.length);
    for (const { id, status, sourceKey, sourceRemovedAt } of videos) {
      const source = await farm.store.stat(sourceKey);
      if (status === 'online')
        assert.ok(source === null && sourceRemovedAt !== null, `${id} keeps its source`);
      else assert.ok(status === 'transcoding' && source !== null, `${id} is ${status} and ${source}`);
    }
    const { parts } = (await user.call('GET', `/videos/${open}/upload`)).as(uploadStatusSchema);
    assert.deepEqual(
      parts.map(({ size }) => size),
      [5],
    );
    assert.equal(await put(plan.urls[0]?.url, new Uint8Array(PART)), 200);
    assert.equal((await complete(user, open)).status, 202);
  });

  async function cancelAndRetry(user: ApiUser): Promise<number> {
    const videoId = await uploadSomething(user);
    assert.equal((await user.call('POST', `/videos/${videoId}/cancel`)).status, 200);
    assert.equal((await user.call('POST', `/videos/${videoId}/retry`)).status, 202);
    return videoId;
  }

  async function publishAtOnce(user: ApiUser): Promise<number> {
    const videoId = await uploadSomething(user);
    const online = { status: 'online', onlineAt: new Date() } as const;
    await farm.database.models.Video.update(online, { where: { id: videoId } });
    return videoId;
  }
});

async function uploadInParts(user: ApiUser): Promise<number> {
  const { videoId, plan } = await beginMultipart(user, PART + 5);
  for (const [index, size] of [PART, 5].entries()) {
    assert.equal(await put(plan.urls[index]?.url, new Uint8Array(size)), 200);
  }
  assert.equal((await complete(user, videoId)).status, 202);
  return videoId;
}

const finished = new WeakMap<RetentionContext, number>();

/** Every job again and again, as if years had passed: no age keeps anything from going. */
async function tidyUntil(context: RetentionContext, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    for (const name of retentionJobNameSchema.options) {
      const job = RETENTION_JOBS[name];
      let position: number | null = 0;
      while (position !== null) {
        const page = await job.find(context, { position, now: new Date(Date.now() + YEARS_MS) });
        for (const candidate of page.candidates) await candidate.remove();
        position = page.nextPosition;
      }
    }
    finished.set(context, (finished.get(context) ?? 0) + 1);
  }
}

/** Waits until each has gone through everything once more. */
async function waitForRound(contexts: readonly RetentionContext[]): Promise<number> {
  const counts = contexts.map((context) => finished.get(context) ?? 0);
  await waitFor('two more rounds of every server', () =>
    contexts.every((context, index) => (finished.get(context) ?? 0) >= (counts[index] ?? 0) + 2),
  );
  return Math.min(...counts) + 2;
}
