import { randomUUID } from 'node:crypto';
import type { DeadLetter } from '../contracts/admin.ts';
import type { Consumer, DeadLetterChoice, Disposition, JobQueue } from '../ports/jobQueue.ts';
import { ReelmillError } from '../runtime/errors.ts';
import type { Logger } from '../runtime/logger.ts';
import { type Delivery, DeliveryQueue } from './memory/deliveryQueue.ts';
import { controlCodec, deliverControl, eventCodec, type MessageCodec, taskCodec } from './messageCodec.ts';

type Origin = 'tasks' | 'events';

/** What the queues of one process share: several `createMemoryQueue` on it see each other's messages. */
export class MemoryBroker {
  readonly queues: Record<Origin, DeliveryQueue>;
  deadLetters: readonly DeadLetter[] = [];
  readonly controlListeners = new Set<(text: string) => void>();

  constructor(logger: Logger) {
    this.queues = {
      tasks: new DeliveryQueue({ singleActiveConsumer: false, logger }),
      events: new DeliveryQueue({ singleActiveConsumer: true, logger }),
    };
  }

  /** Adds a text as it is, valid or not. */
  publishText(queue: Origin, text: string): void {
    this.queues[queue].push(text);
  }

  addDeadLetter(queue: Origin, text: string, reason: string): void {
    const letter = { id: randomUUID(), queue, reason, died_at: new Date().toISOString(), body: text };
    this.deadLetters = [...this.deadLetters, letter];
  }

  /** Removes dead letters and returns them. */
  takeDeadLetters({ limit, ids }: DeadLetterChoice): DeadLetter[] {
    const chosen = this.deadLetters.filter(({ id }) => ids === undefined || ids.includes(id)).slice(0, limit);
    this.deadLetters = this.deadLetters.filter((letter) => !chosen.includes(letter));
    return chosen;
  }
}

/** The job queue inside one process. Messages go through their JSON, so that no object is ever shared. */
export function createMemoryQueue(options: { logger: Logger; broker?: MemoryBroker }): JobQueue {
  const { logger } = options;
  const broker = options.broker ?? new MemoryBroker(logger);
  const consumers = new Set<Consumer>();
  let closed = false;

  const requireOpen = (): void => {
    if (closed) throw new ReelmillError('unavailable', 'the queue was closed');
  };
  const keep = (consumer: Consumer): Consumer => {
    const kept: Consumer = {
      stop: async () => {
        await consumer.stop();
        consumers.delete(kept);
      },
    };
    consumers.add(kept);
    return kept;
  };
  const consume = <T>(
    origin: Origin,
    codec: MessageCodec<T>,
    handler: (message: T, delivery: Delivery) => Promise<Disposition>,
  ): Consumer => {
    requireOpen();
    return keep(
      broker.queues[origin].consume(async (delivery) => {
        const decoded = codec.decode(delivery.text);
        const disposition = decoded.ok ? await handler(decoded.message, delivery) : 'dead_letter';
        if (disposition === 'dead_letter') {
          const reason = decoded.ok ? 'refused by its handler' : decoded.reason;
          logger.error({ queue: origin, reason }, 'message dead-lettered');
          broker.addDeadLetter(origin, delivery.text, reason);
        }
        return disposition;
      }),
    );
  };

  return {
    durable: false,

    async publishTask(message) {
      requireOpen();
      broker.publishText('tasks', taskCodec.encode(message));
    },

    consumeTasks: async (handler) =>
      consume('tasks', taskCodec, (message, { redelivered }) => handler(message, { redelivered })),

    async publishEvent(event) {
      requireOpen();
      broker.publishText('events', eventCodec.encode(event));
    },

    consumeEvents: async (handler) => consume('events', eventCodec, handler),

    async broadcast(message) {
      requireOpen();
      const text = controlCodec.encode(message);
      for (const listener of broker.controlListeners) setImmediate(listener, text);
    },

    async onControl(handler) {
      requireOpen();
      const listener = (text: string): void => {
        if (broker.controlListeners.has(listener)) deliverControl(text, handler, logger);
      };
      broker.controlListeners.add(listener);
      return keep({
        stop: async () => {
          broker.controlListeners.delete(listener);
        },
      });
    },

    async depth() {
      requireOpen();
      return {
        ready: broker.queues.tasks.readyCount,
        consumers: broker.queues.tasks.consumerCount,
        deadLetters: broker.deadLetters.length,
      };
    },

    async peekDeadLetters(limit) {
      requireOpen();
      return structuredClone(broker.deadLetters.slice(0, limit));
    },

    async replayDeadLetters(choice) {
      requireOpen();
      const letters = broker.takeDeadLetters(choice);
      for (const letter of letters) {
        broker.publishText(letter.queue === 'events' ? 'events' : 'tasks', letter.body);
      }
      return letters.length;
    },

    async discardDeadLetters(choice) {
      requireOpen();
      return broker.takeDeadLetters(choice).length;
    },

    async check() {
      requireOpen();
    },

    async close() {
      closed = true;
      await Promise.all([...consumers].map((consumer) => consumer.stop()));
    },
  };
}
