import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { TaskMessage } from '@reelmill/shared/contracts/tasks.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { FarmContext } from '../../server/src/context/farmContext.ts';
import type { VideoRow } from '../../server/src/db/rows.ts';
import { dispatchOnce, startDispatcher } from '../../server/src/dispatch/dispatcher.ts';
import { requeueAll, type SweeperMemory, sweepOnce } from '../../server/src/dispatch/sweeper.ts';
import { newTask } from '../../server/src/transcode/tasks.ts';
import { type BenchDatabase, type FarmBench, openFarmBench } from '../support/farmBench.ts';
import { waitFor } from '../support/processes.ts';

const TASKS = 60;

for (const database of ['SQLite', 'MariaDB'] satisfies BenchDatabase[]) {
  suite(`dispatching on ${database}`, () => {
    let bench: FarmBench;
    let context: FarmContext;

    before(async () => {
      bench = await openFarmBench(database);
      context = bench.context;
    });
    after(() => bench.close());

    /** Ends whatever earlier tests left, so that a test sees its own tasks only. */
    const clear = async (): Promise<void> => {
      const { Task, Video } = context.database.models;
      await Task.update({ state: 'canceled' }, { where: {} });
      await Video.update({ status: 'canceled' }, { where: {} });
      const consumer = await context.queue.consumeTasks(async () => 'ack');
      await waitFor('the queue is empty', async () => (await context.queue.depth()).ready === 0);
      await consumer.stop();
    };
    const addTasks = async (video: VideoRow, count: number): Promise<void> => {
      const spec = { kind: 'inspect', source: { key: 'raw/1/a.mp4', sizeBytes: 1 } } as const;
      await context.database.models.Task.bulkCreate(
        Array.from({ length: count }, (_, index) => ({
          ...newTask(video.id, video.planVersion, null, new Date()),
          kind: 'inspect' as const,
          position: index + 1,
          spec,
          unitsTotal: 1000,
        })),
      );
    };
    const countStates = async (video: VideoRow): Promise<Record<string, number>> => {
      const counts: Record<string, number> = {};
      for (const { state } of await bench.tasksOf(video.id)) counts[state] = (counts[state] ?? 0) + 1;
      return counts;
    };

    test('the queue is never given more than it needs', async () => {
      await clear();
      const video = await bench.addVideo();
      await addTasks(video, 10);
      await dispatchOnce(context);
      await dispatchOnce(context);
      assert.equal((await context.queue.depth()).ready, 2);
      assert.deepEqual(await countStates(video), { queued: 2, pending: 9 });
    });

    test('two servers dispatch every task exactly once', async () => {
      await clear();
      const video = await bench.addVideo();
      await addTasks(video, TASKS);
      const seen: TaskMessage[] = [];
      const consumers = await Promise.all(
        Array.from({ length: 4 }, () =>
          context.queue.consumeTasks(async (message) => {
            seen.push(message);
            return 'ack';
          }),
        ),
      );
      const dispatchers = [context, await bench.connect()].map((server) => startDispatcher(server));
      await waitFor('every task was delivered', () => {
        for (const dispatcher of dispatchers) dispatcher.wake();
        return seen.length > TASKS;
      });
      await Promise.all(dispatchers.map((dispatcher) => dispatcher.stop()));
      await Promise.all(consumers.map((consumer) => consumer.stop()));
      assert.equal(seen.length, TASKS + 1);
      assert.equal(new Set(seen.map(({ taskId }) => taskId)).size, TASKS + 1);
    });

    test('a new video goes before the rest of a long one', async () => {
      await clear();
      const film = await bench.addVideo();
      await addTasks(film, 20);
      await dispatchOnce(context);
      const clip = await bench.addVideo();
      const order: number[] = [];
      const consumer = await context.queue.consumeTasks(async (message) => {
        order.push(message.videoId);
        return 'ack';
      });
      await waitFor('the clip was delivered', async () => {
        await dispatchOnce(context);
        return order.includes(clip.id);
      });
      await consumer.stop();
      // two of the film were queued before the clip came
      assert.ok(order.indexOf(clip.id) <= 2, `order: ${order}`);
    });

    test('a task that the broker did not take is waiting again', async () => {
      await clear();
      const video = await bench.addVideo();
      const down: FarmContext = {
        ...context,
        queue: {
          ...context.queue,
          publishTask: async () => {
            throw new ReelmillError('unavailable', 'no broker');
          },
        },
      };
      await assert.rejects(dispatchOnce(down), { code: 'unavailable' });
      assert.deepEqual(await countStates(video), { pending: 1 });
    });

    test('a task that no message can carry fails its video instead of waiting for ever', async () => {
      await clear();
      const video = await bench.addVideo();
      const spec = { kind: 'inspect', source: { key: 'raw/1/a.mp4', sizeBytes: -1 } } as const;
      await context.database.models.Task.update({ spec }, { where: { videoId: video.id } });
      await dispatchOnce(context);
      assert.deepEqual(await countStates(video), { failed: 1 });
      assert.equal((await bench.videoOf(video.id)).status, 'failed');
    });

    test('a task whose worker fell silent goes to another, unless everyone was cut off', async () => {
      await clear();
      const video = await bench.addVideo();
      const [task] = await bench.tasksOf(video.id);
      assert.ok(task);
      await task.update({ state: 'running', leaseExpiresAt: new Date(Date.now() - 1000) });
      const memory: SweeperMemory = { healthySince: null, lostWorkers: new Set() };
      await sweepOnce(context, memory, () => undefined);
      assert.equal((await task.reload()).state, 'running');
      memory.healthySince = Date.now() - 31_000;
      await sweepOnce(context, memory, () => undefined);
      await task.reload();
      assert.deepEqual([task.state, task.attempt, task.lostLeases], ['pending', 0, 1]);
    });

    test('a queued task that is not in the queue goes again', async () => {
      await clear();
      const video = await bench.addVideo();
      const [task] = await bench.tasksOf(video.id);
      assert.ok(task);
      await task.update({ state: 'queued' });
      const memory: SweeperMemory = { healthySince: Date.now() - 20_000, lostWorkers: new Set() };
      await sweepOnce(context, memory, () => undefined);
      assert.equal((await task.reload()).state, 'queued');
      await age(context.database.models.Task, task.id, 16_000);
      await sweepOnce(context, memory, () => undefined);
      assert.equal((await task.reload()).state, 'pending');
    });

    test('a video without any open task does not stay so', async () => {
      await clear();
      const video = await bench.addVideo();
      await context.database.models.Task.update({ state: 'canceled' }, { where: { videoId: video.id } });
      await age(context.database.models.Video, video.id, 60_000);
      const memory: SweeperMemory = { healthySince: Date.now(), lostWorkers: new Set() };
      await sweepOnce(context, memory, () => undefined);
      const ended = await bench.videoOf(video.id);
      assert.deepEqual([ended.status, ended.errorCode], ['failed', 'internal']);
    });

    test('a queue that lost its messages is filled again from the tasks', async () => {
      await clear();
      const video = await bench.addVideo();
      await addTasks(video, 2);
      const [first, second] = await bench.tasksOf(video.id);
      await first?.update({ state: 'running', workerId: 'gone', leaseExpiresAt: new Date() });
      await second?.update({ state: 'queued' });
      await requeueAll(context);
      assert.deepEqual(await countStates(video), { pending: 3 });
      // the one in work may be what ended the last process
      assert.deepEqual(
        (await bench.tasksOf(video.id)).map(({ lostLeases, attempt }) => [lostLeases, attempt]),
        [
          [1, 0],
          [0, 0],
          [0, 0],
        ],
      );
    });
  });
}

/** Makes a row look as if nothing had happened to it for so long. */
async function age(
  model: FarmContext['database']['models']['Task'] | FarmContext['database']['models']['Video'],
  id: number,
  ms: number,
): Promise<void> {
  const at = new Date(Date.now() - ms);
  await model.sequelize?.query(`UPDATE ${model.tableName} SET updated_at = :at WHERE id = :id`, {
    replacements: { at, id },
  });
}
