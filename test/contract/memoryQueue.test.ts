import { createMemoryQueue, MemoryBroker } from '@reelmill/shared/drivers/memoryQueue.ts';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import { describeJobQueue } from './jobQueue.ts';

const logger = createLogger({ level: 'silent', name: 'memory-queue-test' });

describeJobQueue('memory', async () => {
  const broker = new MemoryBroker(logger);
  return {
    open: async () => createMemoryQueue({ broker, logger }),
    publishText: async (queue, text) => broker.publishText(queue, text),
    dispose: async () => undefined,
  };
});
