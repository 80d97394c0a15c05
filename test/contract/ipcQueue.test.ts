import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { IpcChannel } from '@reelmill/shared/drivers/ipc/channel.ts';
import { serveJobQueue } from '@reelmill/shared/drivers/ipc/queueServer.ts';
import { createIpcQueue } from '@reelmill/shared/drivers/ipcQueue.ts';
import { createMemoryQueue, MemoryBroker } from '@reelmill/shared/drivers/memoryQueue.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import { waitFor } from '../support/processes.ts';
import { describeJobQueue, taskMessage } from './jobQueue.ts';

const logger = createLogger({ level: 'silent', name: 'ipc-queue-test' });

/** Both ends are in this process; what a real process does to its end is in test/component/embeddedWorker.test.ts. */
describeJobQueue('IPC', async () => {
  const broker = new MemoryBroker(logger);
  const ports: MessagePort[] = [];
  return {
    open: async () => {
      const { port1, port2 } = new MessageChannel();
      ports.push(port1, port2);
      serveJobQueue(createMemoryQueue({ broker, logger }), portChannel(port1), logger);
      return createIpcQueue({ channel: portChannel(port2), logger });
    },
    publishText: async (queue, text) => broker.publishText(queue, text),
    dispose: async () => {
      for (const port of ports) port.close();
    },
  };
});

test('a task whose process is gone is delivered again, marked as such', async () => {
  const broker = new MemoryBroker(logger);
  const server = createMemoryQueue({ broker, logger });
  const { port1, port2 } = new MessageChannel();
  serveJobQueue(server, portChannel(port1), logger);
  const client = createIpcQueue({ channel: portChannel(port2), logger });
  const taken = Promise.withResolvers<void>();
  await client.consumeTasks(() => {
    taken.resolve();
    return new Promise(() => undefined);
  });
  await server.publishTask(taskMessage(1));
  await taken.promise;
  port2.close();
  await waitFor('nobody takes tasks', async () => (await server.depth()).consumers === 0);
  const seen: boolean[] = [];
  await server.consumeTasks(async (_message, { redelivered }) => {
    seen.push(redelivered);
    return 'ack';
  });
  await waitFor('the second delivery', () => seen.length === 1);
  assert.deepEqual(seen, [true]);
  await assert.rejects(client.depth(), (error) => error instanceof ReelmillError && error.retryable);
  await client.close();
  await server.close();
});

test('what is no message of the queue is dropped, and a message that breaks its contract refused', async () => {
  const broker = new MemoryBroker(logger);
  const { port1, port2 } = new MessageChannel();
  serveJobQueue(createMemoryQueue({ broker, logger }), portChannel(port1), logger);
  const client = createIpcQueue({ channel: portChannel(port2), logger });
  const errors: unknown[] = [];
  port2.on('message', (message) => {
    if (message.type === 'queue_error') errors.push([message.callId, message.retryable]);
  });
  const call = { type: 'queue_call', callId: -1 };
  for (const bad of [
    null,
    'text',
    { type: 'queue_unknown' },
    { ...call, call: { method: 'close' } },
    { ...call, call: { method: 'depth' }, callId: 'one' },
    { type: 'queue_disposition', deliveryId: 1, disposition: 'drop' },
    { type: 'queue_disposition', deliveryId: 99, disposition: 'ack' },
    { ...call, call: { method: 'publishEvent', text: '{"type":"unheard of"}' } },
  ]) {
    port2.postMessage(bad);
  }
  assert.equal((await client.depth()).ready, 0);
  assert.deepEqual(errors, [[-1, false]]);
  assert.equal(broker.queues.events.readyCount, 0);
  await client.close();
  port2.close();
});

function portChannel(port: MessagePort): IpcChannel {
  let open = true;
  port.on('close', () => {
    open = false;
  });
  return {
    get open() {
      return open;
    },
    send: (message) => port.postMessage(message),
    onMessage: (listener) => {
      port.on('message', listener);
    },
    onClose: (listener) => {
      port.once('close', listener);
    },
  };
}
