import type { Channel } from 'amqplib';

/**
 * How long RabbitMQ lets a message stay unacknowledged. Tasks are short, and the lease finds a lost worker long before;
 * this is only above everything a task may take. RabbitMQ 3.12 and later read it from the queue; earlier ones ignore it
 * and have the broker-wide `consumer_timeout`, which must then be set to at least this.
 */
export const CONSUMER_TIMEOUT_MS = 6 * 3_600_000;

export interface Topology {
  tasks: string;
  events: string;
  deadLetters: string;
  /** A fanout exchange in front of `events`: a worker may write to it and so to no other queue. */
  results: string;
  /** A fanout exchange; every listener binds a queue of its own. */
  control: string;
  consumerTimeoutMs: number;
}

export function nameTopology(taskQueue: string, consumerTimeoutMs: number): Topology {
  return {
    tasks: taskQueue,
    events: `${taskQueue}.events`,
    deadLetters: `${taskQueue}.dead`,
    results: `${taskQueue}.results`,
    control: `${taskQueue}.control`,
    consumerTimeoutMs,
  };
}

/**
 * Declares everything that outlives a connection; only servers may. Declaring again what is there changes nothing.
 *
 * Where a virtual host makes quorum queues by default, RabbitMQ 4 moves a message to the dead letters after 20 deliveries.
 * No task gets there: a worker that gets one for the second time releases it, and it is published anew.
 */
export async function declareTopology(channel: Channel, topology: Topology): Promise<void> {
  await channel.assertQueue(topology.deadLetters, { durable: true });
  await channel.assertQueue(topology.tasks, {
    durable: true,
    deadLetterExchange: '',
    deadLetterRoutingKey: topology.deadLetters,
    arguments: { 'x-consumer-timeout': topology.consumerTimeoutMs },
  });
  // Without a dead-letter exchange: progress that expires would end there. One consumer at a time keeps the order;
  // the next server takes over when it goes.
  await channel.assertQueue(topology.events, {
    durable: true,
    arguments: { 'x-single-active-consumer': true },
  });
  await channel.assertExchange(topology.results, 'fanout', { durable: true });
  await channel.bindQueue(topology.events, topology.results, '');
  await channel.assertExchange(topology.control, 'fanout', { durable: true });
}

/** The listener's own queue for control messages; it goes with the connection. */
export async function declareControlQueue(channel: Channel, topology: Topology): Promise<string> {
  const { queue } = await channel.assertQueue('', { exclusive: true, durable: false, autoDelete: true });
  await channel.bindQueue(queue, topology.control, '');
  return queue;
}
