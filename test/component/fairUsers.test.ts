import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, suite, test } from 'node:test';
import type { TaskMessage } from '@reelmill/shared/contracts/tasks.ts';
import { createAmqpQueue } from '@reelmill/shared/drivers/amqpQueue.ts';
import type { JobQueue } from '@reelmill/shared/ports/jobQueue.ts';
import type { FarmContext } from '../../server/src/context/farmContext.ts';
import type { UserRow, VideoRow } from '../../server/src/db/rows.ts';
import { startDispatcher } from '../../server/src/dispatch/dispatcher.ts';
import { findWaiting } from '../../server/src/dispatch/waitingTasks.ts';
import { applyEvent } from '../../server/src/results/eventConsumer.ts';
import { ProgressKeeper } from '../../server/src/results/progressKeeper.ts';
import { type FarmBench, openFarmBench, signEvent } from '../support/farmBench.ts';
import { waitFor } from '../support/processes.ts';
import { useRabbitMq } from '../support/rabbitmq.ts';
import { factsOf, resultOf } from '../support/taskResults.ts';

const WORKERS = 2;
const FLOOD = 100;
const FILM_SECONDS = 3 * 3600;
const CLIP_SECONDS = 20;
/** Two tasks for each worker are in the queue, and one in its hands; an inspection and what follows it pass them once each. */
const AHEAD = 2 * 3 * WORKERS;

interface Profile {
  bench: FarmBench;
  context: FarmContext;
  workerQueue: JobQueue;
  close(): Promise<void>;
}

/** A film of hours has some dozens of tasks. */
function withLongChunks({ context }: FarmBench): FarmContext {
  return { ...context, config: { ...context.config, CHUNK_SECONDS: 300 } };
}

async function openStandalone(): Promise<Profile> {
  const bench = await openFarmBench('SQLite');
  const { queue } = bench.context;
  return { bench, context: withLongChunks(bench), workerQueue: queue, close: () => bench.close() };
}

async function openDistributed(): Promise<Profile> {
  const bench = await openFarmBench('MariaDB');
  const rabbitMq = await useRabbitMq();
  const options = {
    url: rabbitMq.url,
    taskQueue: `fair-${randomBytes(4).toString('hex')}`,
    logger: bench.logger,
  };
  const queue = createAmqpQueue({ ...options, role: 'server' });
  const workerQueue = createAmqpQueue({ ...options, role: 'worker' });
  return {
    bench,
    context: { ...withLongChunks(bench), queue },
    workerQueue,
    close: async () => {
      await workerQueue.close();
      await queue.close();
      await bench.close();
      await rabbitMq.dispose();
    },
  };
}

const PROFILES = { standalone: openStandalone, distributed: openDistributed };

for (const [name, open] of Object.entries(PROFILES)) {
  suite(`users share the farm: ${name}`, () => {
    let profile: Profile;
    let bench: FarmBench;
    /** Tasks in the order in which workers began them. */
    const begun: TaskMessage[] = [];
    const stops: (() => Promise<void>)[] = [];

    before(async () => {
      profile = await open();
      bench = profile.bench;
    });
    after(async () => {
      for (const stop of stops) await stop();
      await profile.close();
    });

    /** Workers that do their tasks at once, as long as the videos of the owner say. */
    const startFarm = async (secondsOf: (videoId: number) => number): Promise<void> => {
      const progress = new ProgressKeeper(profile.context);
      const { Task } = profile.context.database.models;
      for (let worker = 0; worker < WORKERS; worker += 1) {
        const consumer = await profile.workerQueue.consumeTasks(async (message) => {
          const task = await Task.findByPk(message.taskId);
          if (task === null || task.leaseToken !== message.leaseToken) return 'ack';
          begun.push(message);
          const facts = factsOf({ durationSeconds: secondsOf(message.videoId) });
          await applyEvent(profile.context, progress, signEvent(task, { type: 'started' as const }));
          const result = resultOf(task.spec, facts, task.videoId);
          const done = signEvent(task, { type: 'done' as const, result, elapsedMs: 1 });
          await applyEvent(profile.context, progress, done);
          return 'ack';
        });
        stops.push(() => consumer.stop());
      }
      const dispatcher = startDispatcher(profile.context);
      stops.unshift(() => dispatcher.stop());
    };

    const isComplete = async (video: VideoRow): Promise<boolean> =>
      (await bench.videoOf(video.id)).phase === 'finalizing';

    test('a clip is ready after few tasks of others, however much one user has queued', async () => {
      const clips = new Set<number>();
      const other = await bench.addUser();
      for (let n = 0; n < FLOOD; n += 1) await bench.addVideo();
      await startFarm((videoId) => (clips.has(videoId) ? CLIP_SECONDS : FILM_SECONDS));
      await waitFor('the flood is under way', () => begun.length > 24, { timeoutMs: 120_000 });

      const before = begun.length;
      const clip = await bench.addVideo(undefined, other);
      clips.add(clip.id);
      await waitFor('the clip is ready', () => isComplete(clip), { timeoutMs: 120_000 });
      const ofClip = begun.flatMap(({ videoId }, index) => (videoId === clip.id ? [index] : []));
      const ahead = (ofClip.at(-1) ?? 0) - before - (ofClip.length - 1);
      assert.ok(ofClip.length >= 4, 'an inspection and what follows it');
      // while it has several tasks at once, the workers that it does not need go on with the others
      assert.ok(ahead <= AHEAD + ofClip.length, `${ahead} tasks of others went before the clip`);
    });

    test('no more of a user is planned at a time than may be, and the rest waits', async () => {
      const { Video } = profile.context.database.models;
      const [planned, waiting] = await Promise.all([
        Video.count({ where: { phase: 'encoding', status: 'transcoding' } }),
        Video.count({ where: { phase: 'queued', status: 'transcoding' } }),
      ]);
      const allowed = (24 * 3600) / FILM_SECONDS;
      assert.ok(planned <= allowed + 3 * WORKERS, `${planned} films are planned`);
      assert.ok(waiting >= FLOOD - allowed - 3 * WORKERS - 10, `${waiting} films wait`);
      assert.equal(await Video.count({ where: { status: 'failed' } }), 0);
    });
  });
}

suite('limits of a user', () => {
  let bench: FarmBench;
  before(async () => {
    bench = await openFarmBench('SQLite');
  });
  after(() => bench.close());

  const waitingOf = async (user: UserRow): Promise<number[]> => {
    const { models } = bench.context.database;
    const round = { models, now: new Date(Date.now() + 1000), slots: 50 };
    const { tasks } = await findWaiting(round, bench.context.config, { afterUserId: 0 });
    return tasks.filter(({ userId }) => userId === user.id).map(({ videoId }) => videoId);
  };
  const plan = (video: VideoRow) => video.update({ phase: 'encoding', durationSeconds: 600 });

  test('beyond the queued minutes further videos wait until planned ones are finished', async () => {
    const user = await bench.addUser({ quotaQueuedMinutes: 20 });
    const videos = [];
    for (let n = 0; n < 4; n += 1) videos.push(await bench.addVideo(undefined, user));
    const [first, second, third, fourth] = videos;
    assert.ok(first && second && third && fourth);
    await plan(first);
    assert.deepEqual((await waitingOf(user)).sort(), [first.id, second.id, third.id, fourth.id]);
    await plan(second);
    assert.deepEqual((await waitingOf(user)).sort(), [first.id, second.id]);
    await first.update({ status: 'online' });
    assert.deepEqual((await waitingOf(user)).sort(), [second.id, third.id, fourth.id]);
  });

  test('beyond the minutes of a day videos wait, and continue when the day has passed', async () => {
    const user = await bench.addUser({ quotaDailyMinutes: 30 });
    const video = await bench.addVideo(undefined, user);
    const { TranscodeUsage } = bench.context.database.models;
    const hour = 3_600_000;
    const use = (hoursAgo: number) =>
      TranscodeUsage.create({
        userId: user.id,
        videoId: 1,
        seconds: 900,
        createdAt: new Date(Date.now() - hoursAgo * hour),
      });
    await use(25);
    const recent = await use(1);
    assert.deepEqual(await waitingOf(user), [video.id]);
    const older = await use(23);
    assert.deepEqual(await waitingOf(user), []);
    await older.destroy();
    await recent.update({ seconds: 1799 });
    assert.deepEqual(await waitingOf(user), [video.id]);
  });

  test('no search reads a backlog: every table is reached by an index', async () => {
    const { models } = bench.context.database;
    const { sequelize } = models.Task;
    assert.ok(sequelize);
    const statements: string[] = [];
    // Sequelize's types leave its options out
    const { options } = sequelize as unknown as { options: { logging: false | ((sql: string) => void) } };
    options.logging = (statement) => statements.push(statement);
    await findWaiting({ models, now: new Date(), slots: 4 }, bench.context.config, { afterUserId: 0 });
    options.logging = false;
    const searches = statements.map((statement) => statement.replace(/^Executing \([^)]*\): /, ''));
    assert.ok(searches.length >= 5);
    for (const search of searches) {
      const [steps] = await sequelize.query(`EXPLAIN QUERY PLAN ${search}`);
      const text = JSON.stringify(steps);
      assert.doesNotMatch(text, /SCAN (v|t|tasks|videos|Video|Task|TranscodeUsage|User)\b/, search);
    }
  });
});
