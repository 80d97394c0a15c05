import { randomBytes } from 'node:crypto';
import { createAmqpQueue } from '@reelmill/shared/drivers/amqpQueue.ts';
import { startDispatcher } from '../../server/src/dispatch/dispatcher.ts';
import { newTask } from '../../server/src/transcode/tasks.ts';
import { type FarmBench, openFarmBench } from '../support/farmBench.ts';
import { useRabbitMq } from '../support/rabbitmq.ts';
import { type BenchReport, median, ratioAgainst, secondsOf } from './figures.ts';
import type { BenchOptions } from './options.ts';

const VIDEOS = 50;
const TASKS_PER_VIDEO = 100;
const TASKS = VIDEOS * TASKS_PER_VIDEO;
const WORKERS = 64;
const TARGET = 1_000;

/**
 * How fast the dispatcher is: waiting tasks on MariaDB, over RabbitMQ with its confirms, into the hands of workers that
 * do nothing with them. One dispatcher, and no other service of the server.
 */
export async function benchDispatchRate(options: BenchOptions): Promise<BenchReport> {
  const rabbitMq = await useRabbitMq();
  const seconds: number[] = [];
  try {
    for (let run = 0; run < options.runs; run += 1) {
      seconds.push(await deliverAll(rabbitMq.url));
      options.onRun(
        `${run + 1} of ${options.runs}: ${Math.round(TASKS / (seconds.at(-1) ?? 0))} tasks per second`,
      );
    }
  } finally {
    await rabbitMq.dispose();
  }
  const rate = TASKS / median(seconds);
  return {
    title: `rate: ${TASKS} tasks of ${VIDEOS} videos on MariaDB, over RabbitMQ to ${WORKERS} workers`,
    columns: ['', 'median (runs)', 'tasks per second'],
    rows: [['one dispatcher', secondsOf(seconds), String(Math.round(rate))]],
    remarks: [`of ${TARGET} tasks per second: ${ratioAgainst(rate / TARGET, { atLeast: 1 })}`],
  };
}

async function deliverAll(amqpUrl: string): Promise<number> {
  const bench = await openFarmBench('MariaDB');
  const options = { url: amqpUrl, taskQueue: `rate-${randomBytes(4).toString('hex')}`, logger: bench.logger };
  const queue = createAmqpQueue({ ...options, role: 'server' });
  const workers = createAmqpQueue({ ...options, role: 'worker' });
  const delivered = new Set<number>();
  const all = Promise.withResolvers<void>();
  try {
    await addTasks(bench);
    for (let worker = 0; worker < WORKERS; worker += 1) {
      await workers.consumeTasks(async ({ taskId }) => {
        delivered.add(taskId);
        if (delivered.size === TASKS) all.resolve();
        return 'ack';
      });
    }
    const begun = performance.now();
    const dispatcher = startDispatcher({ ...bench.context, queue });
    await all.promise.finally(() => dispatcher.stop());
    return (performance.now() - begun) / 1000;
  } finally {
    await workers.close();
    await queue.close();
    await bench.close();
  }
}

async function addTasks(bench: FarmBench): Promise<void> {
  const { Task } = bench.context.database.models;
  for (let number = 0; number < VIDEOS; number += 1) {
    const { id, planVersion, sourceKey } = await bench.addVideo();
    const spec = { kind: 'inspect', source: { key: sourceKey, sizeBytes: 1000 } } as const;
    const now = new Date();
    // the inspection is there already
    const positions = Array.from({ length: TASKS_PER_VIDEO - 1 }, (_, index) => index + 1);
    await Task.bulkCreate(
      positions.map((position) => ({
        ...newTask(id, planVersion, null, now),
        ...{ kind: 'inspect' as const, position, spec, unitsTotal: 1000 },
      })),
    );
  }
}
