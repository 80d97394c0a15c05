import type { Channel } from 'amqplib';
import type { WorkerEvent } from '../contracts/tasks.ts';
import type { Consumer, JobQueue } from '../ports/jobQueue.ts';
import type { Logger } from '../runtime/logger.ts';
import { Broker, closeQuietly, isClosed, openChannel } from './amqp/broker.ts';
import {
  DIED_AT_HEADER,
  discardDeadLetters,
  ORIGIN_HEADER,
  peekDeadLetters,
  replayDeadLetters,
} from './amqp/deadLetters.ts';
import { type Destination, Publisher } from './amqp/publisher.ts';
import { Subscription, type SubscriptionOptions } from './amqp/subscription.ts';
import { SupervisedChannel } from './amqp/supervisedChannel.ts';
import { CONSUMER_TIMEOUT_MS, declareControlQueue, declareTopology, nameTopology } from './amqp/topology.ts';
import { controlCodec, deliverControl, eventCodec, taskCodec } from './messageCodec.ts';

const EVENT_PREFETCH = 50;
const LOSSY_EXPIRATION_MS = 10_000;
const LOSSY_EVENTS: ReadonlySet<WorkerEvent['type']> = new Set(['heartbeat', 'progress']);

export interface AmqpQueueOptions {
  url: string;
  taskQueue: string;
  /** A server declares queues and exchanges; a worker has no right to, and waits until a server has done so. */
  role: 'server' | 'worker';
  logger: Logger;
  consumerTimeoutMs?: number;
}

/**
 * The job queue on RabbitMQ 3.10 and later. Returns at once and connects in the background, for as long as it takes;
 * `check` throws the reason while there is no connection. Throws `validation_failed` where `url` is not one.
 */
export function createAmqpQueue(options: AmqpQueueOptions): JobQueue {
  const { logger } = options;
  const topology = nameTopology(options.taskQueue, options.consumerTimeoutMs ?? CONSUMER_TIMEOUT_MS);
  const declare = async (channel: Channel): Promise<void> => {
    if (options.role === 'server') await declareTopology(channel, topology);
  };
  const broker = new Broker({
    url: options.url,
    connectionName: `reelmill ${options.role}`,
    logger,
    setup: async (model) => {
      const channel = await openChannel(model);
      await declare(channel);
      await closeQuietly(channel);
    },
  });
  const publisher = new Publisher(broker, { declare, logger });
  const observer = new SupervisedChannel<Channel>(broker, {
    name: 'observer',
    logger,
    open: async (model) => {
      const channel = await openChannel(model);
      await declare(channel);
      return channel;
    },
  });
  const subscriptions = new Set<Subscription>();

  const toTasks: Destination = { exchange: '', routingKey: topology.tasks, mandatory: true };
  const toEvents: Destination = { exchange: topology.results, routingKey: '', mandatory: true };
  const toWorkers: Destination = { exchange: topology.control, routingKey: '', mandatory: false };

  const subscribe = async (subscription: Omit<SubscriptionOptions, 'logger'>): Promise<Consumer> => {
    broker.requireOpen();
    const consumer = new Subscription(broker, { ...subscription, logger });
    subscriptions.add(consumer);
    await consumer.attached(broker);
    return {
      stop: async () => {
        await consumer.stop();
        subscriptions.delete(consumer);
      },
    };
  };
  const declared = (queue: string) => async (channel: Channel) => {
    await declare(channel);
    return queue;
  };

  return {
    durable: true,

    publishTask: async (message) => publisher.publish(toTasks, taskCodec.encode(message)),

    consumeTasks: (handler) =>
      subscribe({
        name: 'tasks',
        prefetch: 1,
        declare: declared(topology.tasks),
        handle: async (message) => {
          const decoded = taskCodec.decode(message.content.toString('utf8'));
          if (decoded.ok) return handler(decoded.message, { redelivered: message.fields.redelivered });
          logger.error({ reason: decoded.reason }, 'invalid task message dead-lettered');
          return 'dead_letter';
        },
      }),

    publishEvent: async (event) => {
      const body = eventCodec.encode(event);
      if (LOSSY_EVENTS.has(event.type)) publisher.publishLossy(toEvents, body, LOSSY_EXPIRATION_MS);
      else await publisher.publish(toEvents, body);
    },

    consumeEvents: (handler) =>
      subscribe({
        name: 'events',
        prefetch: EVENT_PREFETCH,
        declare: declared(topology.events),
        handle: async (message) => {
          const decoded = eventCodec.decode(message.content.toString('utf8'));
          if (decoded.ok) return handler(decoded.message);
          logger.error({ reason: decoded.reason }, 'invalid event dead-lettered');
          return 'dead_letter';
        },
        moveToDeadLetters: (message) =>
          publisher.publish(
            { exchange: '', routingKey: topology.deadLetters, mandatory: true },
            message.content.toString('utf8'),
            { [ORIGIN_HEADER]: topology.events, [DIED_AT_HEADER]: new Date().toISOString() },
          ),
      }),

    broadcast: async (message) => publisher.publish(toWorkers, controlCodec.encode(message)),

    onControl: (handler) =>
      subscribe({
        name: 'control',
        prefetch: 1,
        declare: async (channel) => {
          await declare(channel);
          return declareControlQueue(channel, topology);
        },
        handle: async (message) => {
          deliverControl(message.content.toString('utf8'), handler, logger);
          return 'ack';
        },
      }),

    async depth() {
      const channel = observer.require();
      try {
        const tasks = await channel.checkQueue(topology.tasks);
        const deadLetters = await channel.checkQueue(topology.deadLetters);
        return {
          ready: tasks.messageCount,
          consumers: tasks.consumerCount,
          deadLetters: deadLetters.messageCount,
        };
      } catch (error) {
        throw broker.unavailable(error);
      }
    },

    peekDeadLetters: (limit) => peekDeadLetters({ broker, topology, publisher, logger }, limit),
    replayDeadLetters: (choice) => replayDeadLetters({ broker, topology, publisher, logger }, choice),
    discardDeadLetters: (choice) => discardDeadLetters({ broker, topology, publisher, logger }, choice),

    async check() {
      publisher.check();
      if (isClosed(observer.require())) throw broker.unavailable();
    },

    async close() {
      await Promise.all([...subscriptions].map((subscription) => subscription.stop()));
      await Promise.all([publisher.close(), observer.close()]);
      await broker.close();
    },
  };
}
