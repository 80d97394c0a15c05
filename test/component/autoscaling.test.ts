import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { TaskMessage } from '@reelmill/shared/contracts/tasks.ts';
import { createAmqpQueue } from '@reelmill/shared/drivers/amqpQueue.ts';
import type { Disposition, JobQueue } from '@reelmill/shared/ports/jobQueue.ts';
import { CleanupStack } from '@reelmill/shared/runtime/cleanupStack.ts';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { DocumentedApi } from '../support/apiClient.ts';
import { openDistributed } from '../support/distributed.ts';
import { waitFor } from '../support/processes.ts';
import { startRabbitMq } from '../support/rabbitmq.ts';
import { uploadSomething } from '../support/uploads.ts';

/*
 * What the ScaledObject of deploy/kubernetes asks for, computed as KEDA and the autoscaler of Kubernetes do from what a
 * real broker says while a real server dispatches. Workers are consumers that keep their task until they are let go.
 */

const ROOT = path.resolve(import.meta.dirname, '../..');
const TASKS = 40;

const scalingSchema = z.object({
  minReplicaCount: z.number(),
  maxReplicaCount: z.number(),
  triggers: z.tuple([
    z.object({
      metadata: z.object({
        protocol: z.literal('http'),
        mode: z.literal('QueueLength'),
        queueName: z.string(),
        value: z.coerce.number(),
      }),
    }),
  ]),
});
const queueSchema = z.object({ messages: z.int() });

const cleanupStack = new CleanupStack();
let scaling: z.infer<typeof scalingSchema>;
let managementUrl: string;
let workers: Workers;

before(async () => {
  scaling = await readScaling();
  const rabbitMq = await startRabbitMq({ management: true });
  cleanupStack.add('RabbitMQ', () => rabbitMq.dispose());
  managementUrl = rabbitMq.managementUrl ?? '';
  const { queueName } = scaling.triggers[0].metadata;
  const farm = await openDistributed({
    amqpUrl: rabbitMq.url,
    env: { TASK_QUEUE: queueName, LEASE_SECONDS: '600' },
  });
  cleanupStack.add('farm', () => farm.dispose());
  const server = await farm.startServer();
  const user = await (await DocumentedApi.of(server.url)).signUp('autoscaling');
  for (let video = 0; video < TASKS; video += 1) await uploadSomething(user);
  workers = new Workers(
    createAmqpQueue({
      url: rabbitMq.url,
      taskQueue: queueName,
      role: 'worker',
      logger: createLogger({ level: 'silent', name: 'test' }),
    }),
  );
  cleanupStack.add('workers', () => workers.close());
});
after(() => cleanupStack.release());

test('work wakes a farm without a worker, which then grows to one for every task or the limit', async () => {
  const { maxReplicaCount } = scaling;
  assert.ok(maxReplicaCount < TASKS, 'more tasks than workers, or the limit is not seen');
  for (const [running, wanted] of [
    [0, 2],
    [2, 6],
    [6, 18],
    [18, maxReplicaCount],
  ] as const) {
    await workers.growTo(running);
    await waitFor(
      `${running} workers make the farm want ${wanted}`,
      async () => (await wantedNow()) === wanted,
      {
        timeoutMs: 20_000,
        pollMs: 250,
      },
    );
  }
});

test('the last tasks keep their workers, and only these', async () => {
  workers.finishAllBut(3);
  await waitFor('three are wanted', async () => (await wantedNow()) === 3, {
    timeoutMs: 30_000,
    pollMs: 250,
  });
  workers.finishAllBut(0);
  await waitFor(
    'the farm is at rest',
    async () => (await readMessages()) === 0 && (await wantedNow()) === scaling.minReplicaCount,
    { timeoutMs: 20_000, pollMs: 250 },
  );
});

/** Workers that take tasks and keep them. */
class Workers {
  readonly #queue: JobQueue;
  readonly #busy = new Set<PromiseWithResolvers<Disposition>>();
  #count = 0;
  #limit = Number.POSITIVE_INFINITY;

  constructor(queue: JobQueue) {
    this.#queue = queue;
  }

  async growTo(count: number): Promise<void> {
    for (; this.#count < count; this.#count += 1)
      await this.#queue.consumeTasks((message) => this.#work(message));
  }

  /** Finishes what is in hand and whatever comes, but keeps `kept` tasks in hand. */
  finishAllBut(kept: number): void {
    this.#limit = kept;
    for (const task of [...this.#busy].slice(kept)) this.#finish(task);
  }

  async close(): Promise<void> {
    this.finishAllBut(0);
    await this.#queue.close();
  }

  /** Says that it has begun, as a worker does, or the server would give the task to another. */
  async #work({ taskId, videoId, leaseToken }: TaskMessage): Promise<Disposition> {
    await this.#queue.publishEvent({
      ...{ v: 1, type: 'started', workerId: 'worker', at: new Date().toISOString() },
      ...{ taskId, videoId, leaseToken },
    });
    const task = Promise.withResolvers<Disposition>();
    this.#busy.add(task);
    if (this.#busy.size > this.#limit) this.#finish(task);
    return task.promise;
  }

  #finish(task: PromiseWithResolvers<Disposition>): void {
    this.#busy.delete(task);
    task.resolve('ack');
  }
}

/** What KEDA tells the autoscaler: a farm that is not active is not scaled by the autoscaler at all. */
async function wantedNow(): Promise<number> {
  const messages = await readMessages();
  const { minReplicaCount, maxReplicaCount, triggers } = scaling;
  const { value } = triggers[0].metadata;
  return Math.min(maxReplicaCount, Math.max(minReplicaCount, Math.ceil(messages / value)));
}

/** Ready or in hand: KEDA's own request. */
async function readMessages(): Promise<number> {
  const { queueName } = scaling.triggers[0].metadata;
  const { origin, username, password } = new URL(managementUrl);
  const answer = await fetch(`${origin}/api/queues/%2F/${encodeURIComponent(queueName)}`, {
    headers: { Authorization: `Basic ${btoa(`${username}:${password}`)}` },
    signal: AbortSignal.timeout(5_000),
  });
  assert.equal(answer.status, 200);
  return queueSchema.parse(await answer.json()).messages;
}

async function readScaling(): Promise<z.infer<typeof scalingSchema>> {
  const text = await readFile(path.join(ROOT, 'deploy/kubernetes/base/autoscaling.yaml'), 'utf8');
  const documents = parseAllDocuments(text).map((document) => document.toJS());
  return scalingSchema.parse(documents.find(({ kind }) => kind === 'ScaledObject').spec);
}
