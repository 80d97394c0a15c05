import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, type TestContext, test } from 'node:test';
import type { ControlMessage, TaskMessage, WorkerEvent } from '@reelmill/shared/contracts/tasks.ts';
import type { Disposition, JobQueue } from '@reelmill/shared/ports/jobQueue.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { waitFor } from '../support/processes.ts';

/** One broker with queues that no other test uses. */
export interface JobQueueHarness {
  /** A queue on this broker, as one process would open it; connected when it resolves. */
  open(): Promise<JobQueue>;
  /** Puts a text into a queue past every validation. */
  publishText(queue: 'tasks' | 'events', text: string): Promise<void>;
  dispose(): Promise<void>;
}

export function taskMessage(taskId: number): TaskMessage {
  return {
    v: 1,
    taskId,
    videoId: 7,
    leaseToken: randomUUID(),
    attempt: 1,
    requestId: null,
    spec: { kind: 'inspect', source: { key: 'raw/7/film.mp4', sizeBytes: 1_000 } },
  };
}

/** `position` is kept in `taskId`. */
export function startedEvent(position: number): WorkerEvent {
  return {
    v: 1,
    type: 'started',
    workerId: 'worker-1',
    at: new Date().toISOString(),
    taskId: position,
    videoId: 7,
    leaseToken: randomUUID(),
  };
}

export function progressEvent(position: number): WorkerEvent {
  return {
    ...startedEvent(position),
    type: 'progress',
    done: 1,
    segmentsDone: 0,
    speed: null,
  } as WorkerEvent; // a spread loses which member of the union it is
}

const isUnavailable = (error: unknown): boolean =>
  error instanceof ReelmillError && error.code === 'unavailable' && error.retryable;

/** What every job queue does. `start` is called for each test. */
export function describeJobQueue(name: string, start: () => Promise<JobQueueHarness>): void {
  describe(`job queue: ${name}`, () => {
    const opened: JobQueue[] = [];
    let harness: JobQueueHarness;

    const open = async (): Promise<JobQueue> => {
      const queue = await harness.open();
      opened.push(queue);
      return queue;
    };
    const each = (title: string, body: (context: TestContext) => Promise<void>): void => {
      test(title, { timeout: 60_000 }, async (context) => {
        harness = await start();
        try {
          await body(context);
        } finally {
          await Promise.all(opened.splice(0).map((queue) => queue.close()));
          await harness.dispose();
        }
      });
    };
    const readyIs = async (queue: JobQueue, count: number): Promise<void> => {
      await waitFor(`${count} ready tasks`, async () => (await queue.depth()).ready === count);
    };
    const deadLettersAre = async (queue: JobQueue, count: number): Promise<void> => {
      await waitFor(`${count} dead letters`, async () => (await queue.depth()).deadLetters === count);
    };

    each('a task arrives at a worker as it was published', async () => {
      const [server, worker] = [await open(), await open()];
      const seen: { message: TaskMessage; redelivered: boolean }[] = [];
      await worker.consumeTasks(async (message, { redelivered }) => {
        seen.push({ message, redelivered });
        return 'ack';
      });
      const sent = taskMessage(1);
      await server.publishTask(sent);
      await waitFor('the task', () => seen.length === 1);
      assert.deepEqual(seen, [{ message: sent, redelivered: false }]);
      assert.notEqual(seen[0]?.message, sent);
    });

    each('a published task waits for the first worker', async () => {
      const server = await open();
      await server.publishTask(taskMessage(1));
      await server.publishTask(taskMessage(2));
      await readyIs(server, 2);
      const seen: number[] = [];
      const worker = await open();
      await worker.consumeTasks(async ({ taskId }) => {
        seen.push(taskId);
        return 'ack';
      });
      await waitFor('both tasks', () => seen.length === 2);
      assert.deepEqual(seen, [1, 2]);
    });

    each('a worker holds one task at a time, and the others take the rest', async () => {
      const server = await open();
      const held = new Map<string, number[]>([
        ['a', []],
        ['b', []],
      ]);
      const release = Promise.withResolvers<void>();
      const inProgress = new Map<string, number>();
      let mostInProgress = 0;
      for (const [workerName, tasks] of held) {
        const worker = await open();
        await worker.consumeTasks(async ({ taskId }) => {
          tasks.push(taskId);
          const now = (inProgress.get(workerName) ?? 0) + 1;
          inProgress.set(workerName, now);
          mostInProgress = Math.max(mostInProgress, now);
          await release.promise;
          inProgress.set(workerName, now - 1);
          return 'ack';
        });
      }
      for (const taskId of [1, 2, 3, 4]) await server.publishTask(taskMessage(taskId));
      await waitFor('a task at each worker', () => [...held.values()].every((tasks) => tasks.length === 1));
      await readyIs(server, 2);
      assert.equal((await server.depth()).consumers, 2);
      release.resolve();
      await waitFor('every task', () => [...held.values()].flat().length === 4);
      assert.deepEqual([...held.values()].flat().sort(), [1, 2, 3, 4]);
      assert.equal(mostInProgress, 1);
    });

    each('a requeued task is delivered again, marked as such', async () => {
      const [server, worker] = [await open(), await open()];
      const seen: boolean[] = [];
      await worker.consumeTasks(async (_message, { redelivered }) => {
        seen.push(redelivered);
        return redelivered ? 'ack' : 'requeue';
      });
      await server.publishTask(taskMessage(1));
      await waitFor('the second delivery', () => seen.length === 2);
      assert.deepEqual(seen, [false, true]);
      await readyIs(server, 0);
    });

    each('a task whose handler throws is delivered again', async () => {
      const [server, worker] = [await open(), await open()];
      let deliveries = 0;
      await worker.consumeTasks(async () => {
        deliveries += 1;
        if (deliveries === 1) throw new Error('thrown on purpose');
        return 'ack';
      });
      await server.publishTask(taskMessage(1));
      await waitFor('the second delivery', () => deliveries === 2);
    });

    each('a refused task can be looked at and replayed', async () => {
      const [server, worker] = [await open(), await open()];
      let disposition: Disposition = 'dead_letter';
      const seen: number[] = [];
      await worker.consumeTasks(async ({ taskId }) => {
        seen.push(taskId);
        return disposition;
      });
      const sent = taskMessage(5);
      await server.publishTask(sent);
      await deadLettersAre(server, 1);
      for (const _look of [1, 2]) {
        const [letter, ...others] = await server.peekDeadLetters(10);
        assert.equal(others.length, 0);
        assert.deepEqual(JSON.parse(letter?.body ?? ''), sent);
        assert.equal(letter?.reason, 'refused by its handler');
        assert.ok(Date.parse(letter?.died_at ?? '') > Date.now() - 60_000);
      }
      await deadLettersAre(server, 1);
      disposition = 'ack';
      assert.equal(await server.replayDeadLetters({ limit: 10 }), 1);
      await waitFor('the replayed task', () => seen.length === 2);
      assert.deepEqual(seen, [5, 5]);
      await deadLettersAre(server, 0);
      assert.deepEqual(await server.peekDeadLetters(10), []);
      assert.equal(await server.replayDeadLetters({ limit: 10 }), 0);
    });

    each('looking and replaying stop at their limit', async () => {
      const [server, worker] = [await open(), await open()];
      const consumer = await worker.consumeTasks(async () => 'dead_letter');
      for (const taskId of [1, 2, 3]) await server.publishTask(taskMessage(taskId));
      await deadLettersAre(server, 3);
      await consumer.stop();
      const bodies = (await server.peekDeadLetters(2)).map(({ body }) => JSON.parse(body).taskId);
      assert.deepEqual(bodies, [1, 2]);
      assert.equal(await server.replayDeadLetters({ limit: 2 }), 2);
      await deadLettersAre(server, 1);
      await readyIs(server, 2);
    });

    each('dead letters are chosen by their ids, to be replayed or discarded', async () => {
      const [server, worker] = [await open(), await open()];
      const consumer = await worker.consumeTasks(async () => 'dead_letter');
      for (const taskId of [1, 2, 3, 4]) await server.publishTask(taskMessage(taskId));
      await deadLettersAre(server, 4);
      await consumer.stop();
      const [first, second, third, fourth] = await server.peekDeadLetters(10);
      const discarded = await server.discardDeadLetters({ limit: 10, ids: [second?.id ?? '', 'unknown'] });
      assert.equal(discarded, 1);
      await deadLettersAre(server, 3);
      const ids = [first?.id ?? '', fourth?.id ?? ''];
      assert.equal(await server.replayDeadLetters({ limit: 10, ids }), 2);
      await deadLettersAre(server, 1);
      await readyIs(server, 2);
      assert.deepEqual(
        (await server.peekDeadLetters(10)).map(({ id, body }) => [id, JSON.parse(body).taskId]),
        [[third?.id, 3]],
      );
      assert.equal(await server.discardDeadLetters({ limit: 10 }), 1);
      await deadLettersAre(server, 0);
      await readyIs(server, 2);
    });

    each('a text that is no task goes to the dead letters and holds nothing up', async () => {
      const [server, worker] = [await open(), await open()];
      const seen: number[] = [];
      await worker.consumeTasks(async ({ taskId }) => {
        seen.push(taskId);
        return 'ack';
      });
      await harness.publishText('tasks', '{"v":1,"taskId":"one"}');
      await harness.publishText('tasks', 'no JSON at all');
      await server.publishTask(taskMessage(2));
      await waitFor('the good task', () => seen.length === 1);
      await deadLettersAre(server, 2);
      const letters = await server.peekDeadLetters(10);
      assert.deepEqual(
        letters.map(({ body }) => body),
        ['{"v":1,"taskId":"one"}', 'no JSON at all'],
      );
      assert.match(letters[0]?.reason ?? '', /taskId/);
      assert.equal(letters[1]?.reason, 'not JSON');
      // they cannot be parsed the second time either: replay ends, and none is lost
      assert.equal(await server.replayDeadLetters({ limit: 10 }), 2);
      await deadLettersAre(server, 2);
    });

    each('an event that nobody can parse goes to the dead letters too', async () => {
      const server = await open();
      const seen: number[] = [];
      await server.consumeEvents(async (event) => {
        if (event.type === 'started') seen.push(event.taskId);
        return 'ack';
      });
      await harness.publishText('events', '{"type":"unheard of"}');
      await server.publishEvent(startedEvent(1));
      await waitFor('the good event', () => seen.length === 1);
      await deadLettersAre(server, 1);
      const [letter] = await server.peekDeadLetters(10);
      assert.equal(letter?.body, '{"type":"unheard of"}');
      assert.match(letter?.queue ?? '', /events$/);
      assert.ok(Date.parse(letter?.died_at ?? '') > Date.now() - 60_000);
      assert.equal(await server.replayDeadLetters({ limit: 10 }), 1);
      await deadLettersAre(server, 1);
    });

    each('a message that is not valid is not published', async () => {
      const server = await open();
      await assert.rejects(server.publishTask({ ...taskMessage(1), leaseToken: 'no uuid' }), (error) => {
        assert.ok(error instanceof ReelmillError && !error.retryable);
        assert.match(error.message, /leaseToken/);
        return true;
      });
      assert.equal((await server.depth()).ready, 0);
    });

    each(
      'a stopped worker finishes its task, takes no further one and leaves the rest to others',
      async () => {
        const [server, worker] = [await open(), await open()];
        const started = Promise.withResolvers<void>();
        const release = Promise.withResolvers<void>();
        const seen: number[] = [];
        const consumer = await worker.consumeTasks(async ({ taskId }) => {
          seen.push(taskId);
          started.resolve();
          await release.promise;
          return 'ack';
        });
        await server.publishTask(taskMessage(1));
        await server.publishTask(taskMessage(2));
        await started.promise;
        let stopped = false;
        const stopping = consumer.stop().then(() => {
          stopped = true;
        });
        await waitFor('nobody takes tasks', async () => (await server.depth()).consumers === 0);
        assert.equal(stopped, false);
        release.resolve();
        await stopping;
        await consumer.stop();
        assert.deepEqual(seen, [1]);
        await readyIs(server, 1);
        const other = await open();
        await other.consumeTasks(async ({ taskId }) => {
          seen.push(taskId);
          return 'ack';
        });
        await waitFor('the second task', () => seen.length === 2);
        assert.deepEqual(seen, [1, 2]);
      },
    );

    each('events come in the order in which a worker published them', async () => {
      const [server, worker] = [await open(), await open()];
      const seen: number[] = [];
      let inProgress = 0;
      let mostInProgress = 0;
      await server.consumeEvents(async (event) => {
        inProgress += 1;
        mostInProgress = Math.max(mostInProgress, inProgress);
        await new Promise((resolve) => setImmediate(resolve));
        if (event.type === 'started' || event.type === 'progress') seen.push(event.taskId);
        inProgress -= 1;
        return 'ack';
      });
      const positions = Array.from({ length: 200 }, (_, index) => index + 1);
      for (const position of positions) {
        await worker.publishEvent(position % 2 === 0 ? startedEvent(position) : progressEvent(position));
      }
      await waitFor('every event', () => seen.length === positions.length);
      assert.deepEqual(seen, positions);
      assert.equal(mostInProgress, 1);
    });

    each('a requeued event comes again before those behind it', async () => {
      const server = await open();
      const positions = [1, 2, 3, 4, 5, 6];
      for (const position of positions) await server.publishEvent(startedEvent(position));
      const accepted: number[] = [];
      let refusals = 0;
      await server.consumeEvents(async (event) => {
        assert.ok(event.type === 'started');
        if (event.taskId === 3 && refusals < 2) {
          refusals += 1;
          return 'requeue';
        }
        accepted.push(event.taskId);
        return 'ack';
      });
      await waitFor('every event', () => accepted.length === positions.length);
      assert.deepEqual(accepted, positions);
    });

    each('of two servers one gets the events, and the other goes on when it stops', async () => {
      const [first, second, worker] = [await open(), await open(), await open()];
      const seen: string[] = [];
      const listen = (server: JobQueue, serverName: string) =>
        server.consumeEvents(async (event) => {
          assert.ok(event.type === 'started');
          seen.push(`${serverName}${event.taskId}`);
          return 'ack';
        });
      const consumer = await listen(first, 'first ');
      await listen(second, 'second ');
      await worker.publishEvent(startedEvent(1));
      await worker.publishEvent(startedEvent(2));
      await waitFor('two events', () => seen.length === 2);
      await consumer.stop();
      await worker.publishEvent(startedEvent(3));
      await waitFor('the third event', () => seen.length === 3);
      assert.deepEqual(seen, ['first 1', 'first 2', 'second 3']);
    });

    each('a control message reaches every listener of the moment and nobody later', async () => {
      const server = await open();
      const seen: string[] = [];
      const listen = async (workerName: string) => {
        const worker = await open();
        return worker.onControl((message) => seen.push(`${workerName} ${message.type}`));
      };
      const first = await listen('first');
      await listen('second');
      const cancel: ControlMessage = { v: 1, type: 'cancel_video', videoId: 7 };
      await server.broadcast(cancel);
      await waitFor('both', () => seen.length === 2);
      assert.deepEqual(seen.sort(), ['first cancel_video', 'second cancel_video']);

      await first.stop();
      await listen('late');
      await server.broadcast({ v: 1, type: 'drain_worker', workerId: 'w' });
      await waitFor('the two that listen now', () => seen.length === 4);
      assert.deepEqual(seen.slice(2).sort(), ['late drain_worker', 'second drain_worker']);
    });

    each('a broadcast that nobody listens to succeeds', async () => {
      const server = await open();
      await server.broadcast({ v: 1, type: 'cancel_video', videoId: 7 });
    });

    each('a closed queue says that it is unavailable', async () => {
      const server = await open();
      await server.check();
      await server.close();
      await server.close();
      await assert.rejects(server.check(), isUnavailable);
      await assert.rejects(server.publishTask(taskMessage(1)), isUnavailable);
      await assert.rejects(server.publishEvent(startedEvent(1)), isUnavailable);
      await assert.rejects(server.depth(), isUnavailable);
      await assert.rejects(
        server.consumeTasks(async () => 'ack'),
        isUnavailable,
      );
    });
  });
}
