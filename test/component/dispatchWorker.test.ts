import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { TaskMessage, WorkerEvent } from '@reelmill/shared/contracts/tasks.ts';
import { createMemoryQueue, MemoryBroker } from '@reelmill/shared/drivers/memoryQueue.ts';
import type { JobQueue } from '@reelmill/shared/ports/jobQueue.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import type { RunTask } from '../../worker/src/tasks/taskAttempt.ts';
import { type RunningWorker, startWorker } from '../../worker/src/worker.ts';
import { type MediaStore, startMediaStore } from '../support/mediaStore.ts';
import { waitFor } from '../support/processes.ts';
import { factsOf } from '../support/taskResults.ts';

const logger = createLogger({ level: process.env.REELMILL_TEST_LOG ?? 'silent', name: 'test' });
const INSPECTED = { kind: 'inspect', facts: factsOf({ durationSeconds: 10 }) } as const;

let media: MediaStore;
let broker: MemoryBroker;
let server: JobQueue;
let queue: JobQueue;
let events: WorkerEvent[];
const workers: RunningWorker[] = [];

beforeEach(async () => {
  media = await startMediaStore();
  broker = new MemoryBroker(logger);
  server = createMemoryQueue({ logger, broker });
  queue = createMemoryQueue({ logger, broker });
  events = [];
  await server.consumeEvents(async (event) => {
    events.push(event);
    return 'ack';
  });
});

afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.stop()));
  await Promise.all([queue.close(), server.close()]);
  await media.close();
});

/** A worker that does `runTask` instead of media work. */
async function start(
  runTask: RunTask,
  options: { drainSeconds?: number; queue?: JobQueue; store?: MediaStore['store'] } = {},
): Promise<RunningWorker> {
  const worker = await startWorker({
    queue: options.queue ?? queue,
    store: options.store ?? media.store,
    logger,
    config: {
      workerId: 'worker-1',
      workDir: media.workDir,
      threads: 1,
      drainSeconds: options.drainSeconds ?? 0,
    },
    runTask,
  });
  workers.push(worker);
  return worker;
}

function newMessage(taskId = 1): TaskMessage {
  const spec = { kind: 'inspect', source: { key: 'raw/1/a.mp4', sizeBytes: 1 } } as const;
  return { v: 1, taskId, videoId: 1, leaseToken: randomUUID(), attempt: 1, requestId: null, spec };
}

/** Works until it is aborted. */
const endless: RunTask = (_, { signal }) =>
  new Promise((_resolve, reject) => {
    const stop = () => reject(new ReelmillError('aborted', 'stopped'));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });

const typesOf = (taskId = 1) =>
  events.flatMap((event) => (event.type !== 'heartbeat' && event.taskId === taskId ? [event.type] : []));
const heartbeats = () => events.filter((event) => event.type === 'heartbeat');
const untilTold = (type: WorkerEvent['type'], taskId = 1) =>
  waitFor(`the worker says ${type}`, () => typesOf(taskId).some((told) => told === type));
const untilReady = () =>
  waitFor('the worker takes tasks', () => heartbeats().some(({ state }) => state === 'idle'));

test('reports a task as started and done, and only then acknowledges it', async () => {
  await start(async () => INSPECTED);
  await server.publishTask(newMessage());
  await untilTold('done');
  assert.deepEqual(typesOf(), ['started', 'done']);
  assert.equal((await server.depth()).ready, 0);
});

test('reports a failure with its code and whether a retry may help', async () => {
  await start(async () => {
    throw new ReelmillError('undecodable', 'It is damaged.', { diagnostics: 'last lines' });
  });
  await server.publishTask(newMessage());
  await untilTold('failed');
  const failed = events.find((event) => event.type === 'failed');
  assert.deepEqual(failed?.type === 'failed' && failed.error, {
    code: 'undecodable',
    message: 'It is damaged.',
    retryable: false,
    diagnostics: 'last lines',
  });
});

test('reports what was found of the output with the outcome; a failed write is a fault of the disk', async () => {
  await start(async ({ taskId }, { onVerified }) => {
    for (const what of ['verified', 'decoded', 'verified'] as const) onVerified(what);
    if (taskId === 1) return INSPECTED;
    onVerified('damaged');
    throw Object.assign(new Error('ENOSPC: no space left on device, mkdir'), { code: 'ENOSPC' });
  });
  for (const taskId of [1, 2]) await server.publishTask(newMessage(taskId));
  await untilTold('done', 1);
  await untilTold('failed', 2);
  const outcomes = events.filter((event) => event.type === 'done' || event.type === 'failed');
  assert.deepEqual(
    outcomes.map(({ verification }) => verification),
    [
      { verified: 2, decoded: 1, damaged: 0 },
      { verified: 2, decoded: 1, damaged: 1 },
    ],
  );
  const [, failed] = outcomes;
  assert.equal(failed?.type === 'failed' && failed.error.code, 'disk_full');
});

test('while a task is quiet its lease is renewed all the same', async () => {
  await start(endless);
  await server.publishTask(newMessage());
  await waitFor('two signs of life', () => typesOf().filter((type) => type === 'progress').length >= 2);
});

test('reports a segment that is in the store at once', async () => {
  await start(async (message, context) => {
    context.onProgress({ done: 5, segmentsDone: 1, speed: 1 });
    return endless(message, context);
  });
  await server.publishTask(newMessage());
  await untilTold('progress');
  const first = events.find((event) => event.type === 'progress');
  assert.equal(first?.type === 'progress' && first.segmentsDone, 1);
});

test('a cancel reaches the running task, which ends without a word', async () => {
  const worker = await start(endless);
  await server.publishTask(newMessage());
  await untilTold('started');
  await server.broadcast({ v: 1, type: 'cancel_video', videoId: 2 });
  await server.broadcast({ v: 1, type: 'revoke_task', taskId: 1, leaseToken: randomUUID() });
  await server.broadcast({ v: 1, type: 'cancel_video', videoId: 1 });
  await waitFor('the worker is idle', () => worker.state === 'idle');
  assert.deepEqual(
    typesOf().filter((type) => type !== 'progress'),
    ['started'],
  );
  assert.equal((await server.depth()).ready, 0);
});

test('a stopping worker hands its task back; stopping twice is one stop', async () => {
  const worker = await start(endless, { drainSeconds: 0 });
  await server.publishTask(newMessage());
  await untilTold('started');
  const first = worker.stop();
  assert.equal(worker.stop(), first);
  await first;
  assert.equal(worker.state, 'stopped');
  await untilTold('released');
  assert.equal((await server.depth()).ready, 0);
  await waitFor('the farm knows', () => heartbeats().at(-1)?.state === 'stopped');
});

test('a stopping worker that has time finishes its task and takes no other', async () => {
  const finish = Promise.withResolvers<void>();
  const worker = await start(
    async () => {
      await finish.promise;
      return INSPECTED;
    },
    { drainSeconds: 60 },
  );
  await server.publishTask(newMessage(1));
  await server.publishTask(newMessage(2));
  await untilTold('started');
  const stopped = worker.stop();
  finish.resolve();
  await stopped;
  await untilTold('done');
  assert.deepEqual(typesOf(2), []);
  assert.equal((await server.depth()).ready, 1);
});

test('a worker that cannot tell its outcome keeps trying until the broker is back', async () => {
  let failures = 0;
  const flaky: JobQueue = {
    ...queue,
    publishEvent: async (event) => {
      if (event.type === 'done' && failures < 3) {
        failures += 1;
        throw new ReelmillError('unavailable', 'no broker');
      }
      await queue.publishEvent(event);
    },
  };
  await start(async () => INSPECTED, { queue: flaky });
  await server.publishTask(newMessage());
  await untilTold('done');
  assert.equal(failures, 3);
});

test('a task delivered again after its outcome was reported is not done twice', async () => {
  let runs = 0;
  await start(async () => {
    runs += 1;
    return INSPECTED;
  });
  const message = newMessage();
  await server.publishTask(message);
  await untilTold('done');
  await server.publishTask(message);
  await server.publishTask(newMessage(2));
  await untilTold('done', 2);
  assert.equal(runs, 2);
  assert.deepEqual(typesOf(1), ['started', 'done']);
});

test('releases a redelivered task without beginning it', async () => {
  let runs = 0;
  const doomed = createMemoryQueue({ logger, broker });
  const [taken, killed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const consumer = await doomed.consumeTasks(async () => {
    taken.resolve();
    await killed.promise;
    return 'requeue';
  });
  await server.publishTask(newMessage(1));
  await taken.promise;
  await start(async () => {
    runs += 1;
    return INSPECTED;
  });
  await untilReady();
  const stopped = consumer.stop();
  killed.resolve();
  await stopped;
  await untilTold('released');
  const told = events.find((event) => event.type === 'released');
  assert.equal(told?.type === 'released' && told.redelivered, true);
  assert.deepEqual(typesOf(), ['released']);
  assert.equal(runs, 0);
  await doomed.close();
});

test('a worker whose program died lets others have the next turn', async () => {
  await start(async ({ taskId }) => {
    if (taskId === 1) throw new ReelmillError('program_died', 'ffmpeg was killed.');
    return INSPECTED;
  });
  await untilReady();
  await server.publishTask(newMessage(1));
  await untilTold('failed');
  const failedAt = performance.now();
  await server.publishTask(newMessage(2));
  await untilTold('done', 2);
  assert.ok(performance.now() - failedAt > 3_000);
});

test('a worker that fails everything stops taking tasks, says why, and comes back when it is well', async () => {
  let broken = true;
  await start(async () => {
    if (broken) throw new ReelmillError('disk_full', 'No space.');
    return INSPECTED;
  });
  for (const taskId of [1, 2, 3, 4]) await server.publishTask(newMessage(taskId));
  const unhealthy = await waitFor('the worker is unhealthy', () =>
    heartbeats().find((beat) => beat.state === 'unhealthy' && beat.reason?.includes('disk_full')),
  );
  assert.match(unhealthy.reason ?? '', /3 task/);
  assert.deepEqual(typesOf(4), []);
  broken = false;
  await untilTold('done', 4);
});

test('a worker that becomes unhealthy before its intake is open closes it, and comes back', async () => {
  let broken = true;
  const opened = Promise.withResolvers<void>();
  // what a slow broker does: tasks arrive before the call that asked for them returns
  const slow: JobQueue = {
    ...queue,
    consumeTasks: async (handler) => {
      const consumer = await queue.consumeTasks(handler);
      await opened.promise;
      return consumer;
    },
  };
  await start(
    async () => {
      if (broken) throw new ReelmillError('disk_full', 'No space.');
      return INSPECTED;
    },
    { queue: slow },
  );
  for (const taskId of [1, 2, 3]) await server.publishTask(newMessage(taskId));
  await waitFor('the worker is unhealthy', () =>
    heartbeats().find((beat) => beat.state === 'unhealthy' && beat.reason?.includes('disk_full')),
  );
  opened.resolve();
  await waitFor('its intake is closed', async () => (await server.depth()).consumers === 0);
  broken = false;
  await server.publishTask(newMessage(4));
  await untilTold('done', 4);
  assert.deepEqual(typesOf(4), ['started', 'done']);
});

test('releases a task that is left to others without beginning it', async () => {
  let runs = 0;
  await start(async () => {
    runs += 1;
    return INSPECTED;
  });
  await untilReady();
  await server.publishTask({ ...newMessage(1), excludedWorkers: ['another', 'worker-1'] });
  await untilTold('released');
  const told = events.find((event) => event.type === 'released');
  assert.equal(told?.type === 'released' && told.declined, true);
  assert.deepEqual(typesOf(), ['released']);
  await server.publishTask({ ...newMessage(2), excludedWorkers: ['another'] });
  await untilTold('done', 2);
  assert.equal(runs, 1);
});

test('without its store a worker reports that and takes no other task until the store is back', async () => {
  let down = false;
  const store: MediaStore['store'] = Object.create(media.store, {
    check: {
      value: async () => {
        if (down) throw new ReelmillError('unavailable', 'The store is down.');
      },
    },
  });
  await start(
    async () => {
      if (!down) return INSPECTED;
      throw new ReelmillError('source_unreachable', 'No answer.');
    },
    { store },
  );
  await untilReady();
  down = true;
  await server.publishTask(newMessage(1));
  await untilTold('failed');
  const failed = events.find((event) => event.type === 'failed');
  assert.equal(failed?.type === 'failed' && failed.error.code, 'source_unreachable');
  await waitFor('the worker is unhealthy', () => heartbeats().at(-1)?.state === 'unhealthy');
  await server.publishTask(newMessage(2));
  down = false;
  await untilTold('done', 2);
});

test('a worker that is unhealthy from the start says so and takes nothing', async () => {
  const store: MediaStore['store'] = Object.create(media.store, {
    check: {
      value: async () => {
        throw new ReelmillError('unavailable', 'The store is down.');
      },
    },
  });
  const worker = await start(async () => INSPECTED, { store });
  await server.publishTask(newMessage());
  const beat = await waitFor('the worker says so', () =>
    heartbeats().find(({ reason }) => /store/.test(reason ?? '')),
  );
  assert.equal(beat.state, 'unhealthy');
  assert.equal(worker.state, 'unhealthy');
  assert.equal((await server.depth()).ready, 1);
});

test('a worker that drains finishes its task and takes no other', async () => {
  const worker = await start(async () => INSPECTED);
  await untilReady();
  await server.broadcast({ v: 1, type: 'drain_worker', workerId: 'worker-1' });
  await waitFor('the worker drains', () => worker.state === 'draining');
  await server.publishTask(newMessage());
  assert.equal((await server.depth()).consumers, 0);
  assert.deepEqual(typesOf(), []);
});

test('what nobody can read goes to the dead letters, and the worker goes on', async () => {
  await start(async () => INSPECTED);
  broker.publishText('tasks', '{"v":1,"taskId":"seven"}');
  await server.publishTask(newMessage());
  await untilTold('done');
  assert.equal((await server.depth()).deadLetters, 1);
  const [letter] = await server.peekDeadLetters(10);
  assert.match(letter?.body ?? '', /seven/);
});

test('a new worker removes what a killed one left, and nobody elses folder', async () => {
  const host = hostname().replace(/[^A-Za-z0-9_-]/g, '_');
  const dead = `${host}.999999999.worker-0`;
  const foreign = `other-host.1.worker-9`;
  for (const name of [dead, foreign]) {
    await mkdir(path.join(media.workDir, name), { recursive: true });
    await writeFile(path.join(media.workDir, name, 'seg.m4s'), 'x');
  }
  const worker = await start(async () => INSPECTED);
  assert.deepEqual(
    (await readdir(media.workDir)).sort(),
    [foreign, `${host}.${process.pid}.worker-1`].sort(),
  );
  await worker.stop();
  assert.deepEqual(await readdir(media.workDir), [foreign]);
});
