import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { IpcChannel } from '@reelmill/shared/drivers/ipc/channel.ts';
import { serveJobQueue } from '@reelmill/shared/drivers/ipc/queueServer.ts';
import { createIpcQueue } from '@reelmill/shared/drivers/ipcQueue.ts';
import { createMemoryQueue, MemoryBroker } from '@reelmill/shared/drivers/memoryQueue.ts';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import { describeJobQueue } from './jobQueue.ts';

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
