import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { type AmqpQueueOptions, createAmqpQueue } from '@reelmill/shared/drivers/amqpQueue.ts';
import type { JobQueue } from '@reelmill/shared/ports/jobQueue.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import { type Channel, connect } from 'amqplib';
import { findFreePort, waitFor } from '../support/processes.ts';
import { type RabbitMq, startRabbitMq } from '../support/rabbitmq.ts';
import { describeJobQueue, progressEvent, startedEvent, taskMessage } from './jobQueue.ts';

const LIMIT = { timeout: 180_000 };
const logger = createLogger({ level: process.env.REELMILL_TEST_LOG ?? 'silent', name: 'amqp-queue-test' });
/** Short enough for a test to see it happen; RabbitMQ looks every `channelTickMs`. */
const CONSUMER_TIMEOUT_MS = 2_000;

let rabbit: RabbitMq;
before(async () => {
  rabbit = await startRabbitMq({ consumerTimeoutMs: 3_600_000 });
});
after(() => rabbit.dispose());

describeJobQueue('RabbitMQ', async () => {
  const taskQueue = `contract-${randomUUID()}`;
  return {
    open: () => openConnected(taskQueue),
    publishText: (queue, text) =>
      onChannel(async (channel) => {
        channel.sendToQueue(queue === 'tasks' ? taskQueue : `${taskQueue}.events`, Buffer.from(text));
      }),
    dispose: () => removeQueues(taskQueue),
  };
});

test('a broker that stops and starts again loses nothing, and everything goes on', LIMIT, async () => {
  await withQueues(async (taskQueue) => {
    const [server, worker] = [await openConnected(taskQueue), await openConnected(taskQueue)];
    try {
      const held = Promise.withResolvers<void>();
      const seen: { taskId: number; redelivered: boolean }[] = [];
      const events: number[] = [];
      const controls: string[] = [];
      await worker.consumeTasks(async ({ taskId }, { redelivered }) => {
        seen.push({ taskId, redelivered });
        if (taskId === 1 && !redelivered) await held.promise;
        return 'ack';
      });
      await server.consumeEvents(async (event) => {
        if (event.type === 'started') events.push(event.taskId);
        return 'ack';
      });
      await worker.onControl((message) => controls.push(message.type));
      for (const taskId of [1, 2, 3]) await server.publishTask(taskMessage(taskId));
      await waitFor('the first task', () => seen.length === 1);

      await rabbit.stop();
      await waitFor('the loss is noticed', () => server.check().then(refused, isUnavailable));
      await assert.rejects(server.publishTask(taskMessage(4)), isUnavailable);
      await assert.rejects(worker.publishEvent(startedEvent(1)), isUnavailable);
      await rabbit.start();
      await waitFor('the connections are back', () => Promise.all([server.check(), worker.check()]));
      held.resolve(); // its acknowledgement is for a channel that is gone

      await server.publishTask(taskMessage(4));
      await waitFor('every task', () => new Set(seen.map(({ taskId }) => taskId)).size === 4);
      await waitFor('the held task, again', () => seen.some((one) => one.taskId === 1 && one.redelivered));
      await worker.publishEvent(startedEvent(9));
      await waitFor('an event', () => events.length === 1);
      await waitFor('a control message', async () => {
        await server.broadcast({ v: 1, type: 'cancel_video', videoId: 7 });
        return controls.length > 0;
      });
      await waitFor('no task is left', async () => (await server.depth()).ready === 0);
    } finally {
      await closeAll(server, worker);
    }
  });
});

test('a broker that is killed keeps every confirmed message', LIMIT, async () => {
  await withQueues(async (taskQueue) => {
    const server = await openConnected(taskQueue);
    try {
      for (const taskId of [1, 2, 3]) await server.publishTask(taskMessage(taskId));
      await rabbit.kill();
      await rabbit.start();
      const seen: number[] = [];
      await server.consumeTasks(async ({ taskId }) => {
        seen.push(taskId);
        return 'ack';
      });
      await waitFor('every task', () => seen.length === 3);
      assert.deepEqual(seen, [1, 2, 3]);
    } finally {
      await closeAll(server);
    }
  });
});

test('a queue opened before the broker is there connects when it comes', LIMIT, async () => {
  await withQueues(async (taskQueue) => {
    await rabbit.stop();
    const queue = open(taskQueue);
    try {
      await assert.rejects(queue.check(), isUnavailable);
      const seen: number[] = [];
      await queue.consumeTasks(async ({ taskId }) => {
        seen.push(taskId);
        return 'ack';
      });
      await rabbit.start();
      await waitFor('a connection', () => queue.check().then(() => true));
      await queue.publishTask(taskMessage(1));
      await waitFor('the task', () => seen.length === 1);
    } finally {
      await closeAll(queue);
    }
  });
});

test('a queue that never had a connection can be closed', LIMIT, async () => {
  const queue = open('nowhere', { url: `amqp://127.0.0.1:${await findFreePort()}` });
  await queue.close();
  await assert.rejects(queue.check(), isUnavailable);
});

test('a channel that the broker closes for a late acknowledgement is made again', LIMIT, async () => {
  const strict = await startRabbitMq({ consumerTimeoutMs: CONSUMER_TIMEOUT_MS, channelTickMs: 200 });
  const queue = await openConnected('strict', { url: strict.url, consumerTimeoutMs: CONSUMER_TIMEOUT_MS });
  try {
    const late = Promise.withResolvers<void>();
    const seen: { taskId: number; redelivered: boolean }[] = [];
    await queue.consumeTasks(async ({ taskId }, { redelivered }) => {
      seen.push({ taskId, redelivered });
      if (!redelivered) await late.promise;
      return 'ack';
    });
    await queue.publishTask(taskMessage(1));
    await waitFor('the broker ends the channel', () => strict.lastLines().includes('has timed out waiting'));
    late.resolve();
    await waitFor('the task, again', () => seen.length === 2);
    assert.deepEqual(seen, [
      { taskId: 1, redelivered: false },
      { taskId: 1, redelivered: true },
    ]);
    await waitFor('it is settled', async () => (await queue.depth()).ready === 0);
  } finally {
    await queue.close();
    await strict.dispose();
  }
});

test('queues that are deleted under a running system are declared again', LIMIT, async () => {
  await withQueues(async (taskQueue) => {
    const queue = await openConnected(taskQueue);
    try {
      const seen: number[] = [];
      await queue.consumeTasks(async ({ taskId }) => {
        seen.push(taskId);
        return 'ack';
      });
      await onChannel((channel) => channel.deleteQueue(taskQueue));
      await waitFor('the consumer is back', async () => (await queue.depth()).consumers === 1);
      await queue.publishTask(taskMessage(1));
      await waitFor('the task', () => seen.length === 1);
    } finally {
      await closeAll(queue);
    }
  });
});

test('a message for a queue that is gone is not lost in silence', LIMIT, async () => {
  await withQueues(async (taskQueue) => {
    const queue = await openConnected(taskQueue);
    try {
      await onChannel((channel) => channel.deleteQueue(taskQueue));
      await assert.rejects(queue.publishTask(taskMessage(1)), isUnavailable);
      await waitFor('publishing works again', async () => {
        await queue.publishTask(taskMessage(1));
        return true;
      });
      assert.equal((await queue.depth()).ready, 1);
    } finally {
      await closeAll(queue);
    }
  });
});

test('a queue that exists with other arguments is named in the failure', LIMIT, async () => {
  await withQueues(async (taskQueue) => {
    await onChannel((channel) => channel.assertQueue(taskQueue, { durable: true, maxPriority: 3 }));
    const queue = open(taskQueue);
    try {
      const message = await waitFor('the reason', () =>
        queue.check().then(
          () => null,
          (error: Error) => (error.message.includes('other arguments') ? error.message : null),
        ),
      );
      assert.ok(message.includes(taskQueue));
      assert.match(message, /TASK_QUEUE/);
    } finally {
      await closeAll(queue);
    }
  });
});

test('progress that nobody reads expires, and what matters stays', LIMIT, async () => {
  await withQueues(async (taskQueue) => {
    const worker = await openConnected(taskQueue);
    try {
      await worker.publishEvent(progressEvent(1));
      await worker.publishEvent(startedEvent(2));
      await waitFor('only one event is left', () =>
        onChannel(async (channel) => (await channel.checkQueue(`${taskQueue}.events`)).messageCount === 1),
      );
      assert.equal((await worker.depth()).deadLetters, 0);
      const seen: string[] = [];
      await worker.consumeEvents(async (event) => {
        seen.push(event.type);
        return 'ack';
      });
      await waitFor('the event', () => seen.length === 1);
      assert.deepEqual(seen, ['started']);
    } finally {
      await closeAll(worker);
    }
  });
});

test('a worker declares nothing: it begins when a server has done so', LIMIT, async () => {
  await withQueues(async (taskQueue) => {
    const worker = await openConnected(taskQueue, { role: 'worker' });
    const tasks: number[] = [];
    const controls: string[] = [];
    await worker.consumeTasks(async ({ taskId }) => {
      tasks.push(taskId);
      return 'ack';
    });
    await worker.onControl((message) => controls.push(message.type));
    await assert.rejects(worker.publishEvent(startedEvent(1)), isUnavailable);
    const server = await openConnected(taskQueue);
    try {
      const events: string[] = [];
      await server.consumeEvents(async ({ type }) => {
        events.push(type);
        return 'ack';
      });
      await server.publishTask(taskMessage(1));
      await waitFor('the task', () => tasks.length === 1);
      await waitFor('the worker can publish', () => worker.publishEvent(startedEvent(1)).then(() => true));
      await waitFor('the event', () => events.includes('started'));
      await waitFor('a control message', async () => {
        await server.broadcast({ v: 1, type: 'cancel_video', videoId: 7 });
        return controls.length > 0;
      });
    } finally {
      await closeAll(server, worker);
    }
  });
});

test('an address that is not one is refused at once', () => {
  assert.throws(
    () => open('any', { url: 'http://localhost:5672' }),
    (error) => error instanceof ReelmillError && error.code === 'validation_failed',
  );
});

function open(taskQueue: string, options: Partial<AmqpQueueOptions> = {}): JobQueue {
  return createAmqpQueue({ url: rabbit.url, taskQueue, role: 'server', logger, ...options });
}

async function openConnected(...args: Parameters<typeof open>): Promise<JobQueue> {
  const queue = open(...args);
  await waitFor('a connection', () => queue.check().then(() => true));
  return queue;
}

async function closeAll(...queues: JobQueue[]): Promise<void> {
  await Promise.all(queues.map((queue) => queue.close()));
}

async function withQueues(body: (taskQueue: string) => Promise<void>): Promise<void> {
  const taskQueue = `amqp-${randomUUID()}`;
  await body(taskQueue);
  await removeQueues(taskQueue);
}

async function removeQueues(taskQueue: string): Promise<void> {
  await onChannel(async (channel) => {
    for (const suffix of ['', '.events', '.dead']) await channel.deleteQueue(`${taskQueue}${suffix}`);
    for (const suffix of ['.results', '.control']) await channel.deleteExchange(`${taskQueue}${suffix}`);
  });
}

/** A connection of its own, beside the driver. */
async function onChannel<T>(work: (channel: Channel) => Promise<T>): Promise<T> {
  const connection = await connect(rabbit.url);
  try {
    const channel = await connection.createChannel();
    const result = await work(channel);
    await channel.close();
    return result;
  } finally {
    await connection.close();
  }
}

function isUnavailable(error: unknown): boolean {
  return error instanceof ReelmillError && error.code === 'unavailable' && error.retryable;
}

function refused(): boolean {
  return false;
}
