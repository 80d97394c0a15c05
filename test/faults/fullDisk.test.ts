import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { readinessSchema } from '@reelmill/shared/contracts/health.ts';
import type { TaskMessage, WorkerEvent } from '@reelmill/shared/contracts/tasks.ts';
import { videoDetailSchema } from '@reelmill/shared/contracts/videos.ts';
import { createMemoryQueue } from '@reelmill/shared/drivers/memoryQueue.ts';
import { CleanupStack } from '@reelmill/shared/runtime/cleanupStack.ts';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import { isConnectionLoss } from '../../server/src/db/connectionLoss.ts';
import { openDatabase } from '../../server/src/db/database.ts';
import type { RunTask } from '../../worker/src/tasks/taskAttempt.ts';
import { type RunningWorker, startWorker } from '../../worker/src/worker.ts';
import { DocumentedApi } from '../support/apiClient.ts';
import { type MediaStore, startMediaStore } from '../support/mediaStore.ts';
import { makeTemporaryFolder, waitFor } from '../support/processes.ts';
import { sampleFile } from '../support/samples.ts';
import { startServerProcess } from '../support/server.ts';
import { factsOf } from '../support/taskResults.ts';
import { mountTmpfs, noTmpfs, type Tmpfs } from '../support/tmpfs.ts';
import { beginSingle, complete, put } from '../support/uploads.ts';

const MIB = 1024 ** 2;
const logger = createLogger({ level: process.env.REELMILL_TEST_LOG ?? 'silent', name: 'test' });
const INSPECTED = { kind: 'inspect', facts: factsOf({ durationSeconds: 10 }) } as const;

/** A worker whose scratch folder is a small disk, with everything that it says. */
interface Stage {
  disk: Tmpfs;
  media: MediaStore;
  worker: RunningWorker;
  publish(taskId: number): Promise<void>;
  typesOf(taskId: number): string[];
  lastHeartbeat(): Extract<WorkerEvent, { type: 'heartbeat' }> | undefined;
  /** Resolves with the reason once the worker says that it cannot work. */
  untilUnhealthy(): Promise<string>;
  untilState(state: RunningWorker['state']): Promise<unknown>;
}

async function withStage(
  {
    options,
    runTask = async () => INSPECTED,
    prepare,
  }: { options: string; runTask?: RunTask; prepare?: (disk: Tmpfs) => Promise<void> },
  work: (stage: Stage) => Promise<void>,
): Promise<void> {
  const cleanupStack = new CleanupStack();
  try {
    const media: MediaStore = await startMediaStore();
    cleanupStack.add('store', () => media.close());
    const disk = await mountTmpfs(path.join(media.root, 'scratch'), options);
    cleanupStack.add('disk', () => disk.unmount());
    await prepare?.(disk);
    const queue = createMemoryQueue({ logger });
    cleanupStack.add('queue', () => queue.close());
    const events: WorkerEvent[] = [];
    await queue.consumeEvents(async (event) => {
      events.push(event);
      return 'ack';
    });
    const worker = await startWorker({
      queue,
      store: media.store,
      logger,
      config: { workerId: 'w', workDir: disk.path, threads: 1, drainSeconds: 0, minScratchBytes: 8 * MIB },
      runTask,
    });
    cleanupStack.add('worker', () => worker.stop());
    const untilState = (state: RunningWorker['state']) =>
      waitFor(`the worker is ${state}`, () => worker.state === state, { timeoutMs: 60_000 });
    await work({
      ...{ disk, media, worker, untilState },
      lastHeartbeat: () => events.findLast((event) => event.type === 'heartbeat'),
      publish: (taskId) => queue.publishTask(newMessage(taskId)),
      typesOf: (taskId) =>
        events.flatMap((event) =>
          event.type !== 'heartbeat' && event.taskId === taskId ? [event.type] : [],
        ),
      async untilUnhealthy() {
        await untilState('unhealthy');
        return waitFor('a heartbeat says so', () => {
          const last = events.findLast((event) => event.type === 'heartbeat');
          return last?.type === 'heartbeat' && last.state === 'unhealthy' ? last.reason : null;
        });
      },
    });
  } finally {
    await cleanupStack.release();
  }
}

function newMessage(taskId: number): TaskMessage {
  const spec = { kind: 'inspect', source: { key: 'raw/1/a.mp4', sizeBytes: 1 } } as const;
  return { v: 1, taskId, videoId: 1, leaseToken: randomUUID(), attempt: 1, requestId: null, spec };
}

const done = (stage: Stage, taskId: number) =>
  waitFor(`task ${taskId} is done`, () => stage.typesOf(taskId).includes('done'), { timeoutMs: 60_000 });

describe('a worker whose scratch folder', { skip: noTmpfs }, () => {
  test('has too little room takes no task, reports why, and continues by itself', async () => {
    await withStage({ options: 'size=32m' }, async (stage) => {
      await stage.untilState('idle');
      await stage.disk.fill(MIB);
      assert.match(await stage.untilUnhealthy(), /scratch folder is full: less than 8\.0 MiB are free/);
      await stage.publish(1);
      await stage.disk.free();
      await done(stage, 1);
      assert.deepEqual(stage.typesOf(1), ['started', 'done']);
    });
  });

  test('fills during a task takes no further one until there is room', async () => {
    let disk: Tmpfs | undefined;
    const fill: RunTask = async ({ taskId }) => {
      if (taskId === 1) await disk?.fill();
      return INSPECTED;
    };
    await withStage({ options: 'size=32m', runTask: fill }, async (stage) => {
      disk = stage.disk;
      await stage.untilState('idle');
      await Promise.all([stage.publish(1), stage.publish(2)]);
      await done(stage, 1);
      await stage.untilUnhealthy();
      assert.deepEqual(stage.typesOf(2), []);
      await stage.disk.free();
      await done(stage, 2);
    });
  });

  test('is full at the start waits, then runs its programs as confined as ever, and reports which they are', async () => {
    const prepare = (disk: Tmpfs) => disk.fill();
    await withStage({ options: 'size=32m', prepare }, async (stage) => {
      assert.match(await stage.untilUnhealthy(), /scratch folder is full/);
      assert.equal(stage.lastHeartbeat()?.confinement, undefined);
      assert.equal(stage.lastHeartbeat()?.ffmpegVersion, undefined);
      await stage.disk.free();
      await waitFor('the worker says that it is idle', () => stage.lastHeartbeat()?.state === 'idle');
      assert.deepEqual(stage.lastHeartbeat()?.confinement, stage.media.confinement.report);
      const { stdout } = await promisify(execFile)('ffmpeg', ['-version']);
      assert.equal(stage.lastHeartbeat()?.ffmpegVersion, stdout.split(' ')[2]);
    });
  });

  test('has no room for more files, or is read-only, takes no task', async () => {
    await withStage({ options: 'size=32m,nr_inodes=900' }, async (stage) => {
      assert.match(await stage.untilUnhealthy(), /no room for more files/);
    });
    await withStage({ options: 'size=32m' }, async (stage) => {
      await stage.untilState('idle');
      await stage.disk.setReadOnly(true);
      assert.match(await stage.untilUnhealthy(), /cannot be written \(EROFS\)/);
      await stage.disk.setReadOnly(false);
      await stage.publish(1);
      await done(stage, 1);
    });
  });
});

test('an SQLite database on a full disk takes transactions again as soon as there is room', {
  skip: noTmpfs,
}, async () => {
  const cleanupStack = new CleanupStack();
  try {
    const folder = await makeTemporaryFolder('full-database');
    cleanupStack.add('folder', () => folder.remove());
    const disk = await mountTmpfs(path.join(folder.path, 'disk'), 'size=16m');
    cleanupStack.add('disk', () => disk.unmount());
    const database = await openDatabase({ sqliteFile: path.join(disk.path, 'reelmill.db') }, logger);
    cleanupStack.add('database', () => database.close());
    const { Worker } = database.models;
    const row = { host: 'h', cpus: 1, version: '0', state: 'idle', taskId: null } as const;
    const write = () =>
      database.transaction(async (transaction) => {
        const times = { startedAt: new Date(), lastSeenAt: new Date() };
        const reason = 'x'.repeat(100_000);
        await Worker.create({ ...row, ...times, id: randomUUID(), reason }, { transaction });
      });
    await write();
    await disk.fill();
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      await assert.rejects(write(), (error) => isConnectionLoss(error), `attempt ${attempt}`);
    }
    await disk.free();
    await write();
    assert.equal(await Worker.count(), 2);
  } finally {
    await cleanupStack.release();
  }
});

test('a standalone server whose disk fills reports so, and continues when there is room', {
  skip: noTmpfs,
}, async () => {
  const cleanupStack = new CleanupStack();
  const token = randomBytes(16).toString('hex');
  try {
    const folder = await makeTemporaryFolder('full-disk');
    cleanupStack.add('folder', () => folder.remove());
    const disk = await mountTmpfs(path.join(folder.path, 'disk'), 'size=128m');
    cleanupStack.add('disk', () => disk.unmount());
    const server = await startServerProcess({
      REELMILL_DATA: path.join(disk.path, 'data'),
      METRICS_TOKEN: token,
      MIN_FREE_BYTES: String(32 * MIB),
      MIN_SCRATCH_BYTES: String(16 * MIB),
    });
    cleanupStack.add('server', () => server.stop());
    const untilDegraded = (degraded: string[] | undefined) =>
      waitFor(
        `degraded: ${degraded}`,
        async () => {
          const answer = await fetch(`${server.url}/readyz`, {
            headers: { authorization: `Bearer ${token}` },
          });
          const body = readinessSchema.parse(await answer.json());
          assert.deepEqual([answer.status, body.degraded], [200, degraded]);
          return true;
        },
        { timeoutMs: 60_000 },
      );
    await untilDegraded(undefined);
    const user = await (await DocumentedApi.of(server.url)).signUp('full');
    const film = new Uint8Array(await readFile(await sampleFile('h264-aac')));
    const early = await beginSingle(user);
    assert.equal(await put(early.url, film), 200);

    const late = await beginSingle(user);

    await disk.fill(8 * MIB);
    await untilDegraded(['disk', 'workers']);
    assert.equal((await complete(user, early.videoId)).status, 202);
    assert.equal(await put(late.url, film), 507);
    const refused = await user.call('POST', '/videos/upload/initiate', { body: { file_name: 'film.mp4' } });
    assert.deepEqual([refused.status, refused.error.code], [507, 'insufficient_storage']);
    const read = async () => {
      const { video } = (await user.call('GET', `/videos/${early.videoId}`)).as(videoDetailSchema);
      assert.equal(video.error, null);
      return video;
    };
    assert.deepEqual([(await read()).status, (await read()).phase], ['transcoding', 'queued']);

    await disk.fill();
    await waitFor('a server that can write nothing is not ready', async () => {
      const answer = await fetch(`${server.url}/readyz`);
      return answer.status === 503 && readinessSchema.parse(await answer.json()).status === 'unavailable';
    });
    await disk.free();
    await untilDegraded(undefined);
    await waitFor('the video is online', async () => (await read()).status === 'online', {
      timeoutMs: 120_000,
    });
  } finally {
    await cleanupStack.release();
  }
});
