import { setTimeout as pause } from 'node:timers/promises';
import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import type { Consumer, Disposition } from '../../ports/jobQueue.ts';
import type { Logger } from '../../runtime/logger.ts';
import { withTimeout } from '../../runtime/timeout.ts';
import { type Broker, isClosed, openChannel } from './broker.ts';
import { SupervisedChannel } from './supervisedChannel.ts';

const FIRST_ATTACH_MS = 5_000;
const CANCEL_TIMEOUT_MS = 5_000;
const PAUSE_AFTER_THROW_MS = 1_000;

export interface SubscriptionOptions {
  name: string;
  prefetch: number;
  /** Declares what is consumed from and returns the queue's name. */
  declare: (channel: Channel) => Promise<string>;
  /** A throw counts as `requeue`, after a pause. */
  handle: (message: ConsumeMessage) => Promise<Disposition>;
  /** Takes over a message that the handler dead-lettered; without it the queue's dead-letter exchange does. */
  moveToDeadLetters?: (message: ConsumeMessage) => Promise<void>;
  logger: Logger;
}

/**
 * A consumer that outlives channels and connections. Messages are handled one at a time in the order in which they
 * were delivered. A message whose channel closed meanwhile is not acknowledged: RabbitMQ redelivers it by itself.
 */
export class Subscription implements Consumer {
  readonly #options: SubscriptionOptions;
  readonly #channel: SupervisedChannel<Channel>;
  readonly #stopping = new AbortController();
  #consumerTag = '';
  #tail: Promise<void> = Promise.resolve();
  #stopped: Promise<void> | undefined;

  constructor(broker: Broker, options: SubscriptionOptions) {
    this.#options = options;
    this.#channel = new SupervisedChannel(broker, {
      name: options.name,
      logger: options.logger,
      open: (model) => this.#attach(model),
    });
  }

  /** Waits a moment for the first connection; without one, consuming begins whenever it comes. */
  async attached(broker: Broker): Promise<void> {
    if (broker.model === null) await nextConnection(broker, FIRST_ATTACH_MS);
    await this.#channel.opened();
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#stopping.abort();
    await this.#channel.opened();
    const channel = this.#channel.current;
    if (channel !== null) {
      await withTimeout(channel.cancel(this.#consumerTag), CANCEL_TIMEOUT_MS).catch(() => undefined);
    }
    await this.#tail;
    await this.#channel.close();
  }

  async #attach(model: ChannelModel): Promise<Channel> {
    const channel = await openChannel(model);
    if (this.#stopping.signal.aborted) return channel;
    await channel.prefetch(this.#options.prefetch);
    const queue = await this.#options.declare(channel);
    const consumer = await channel.consume(queue, (message) => {
      if (message === null) {
        this.#options.logger.warn({ queue }, 'consumer canceled by RabbitMQ');
        void this.#channel.renew(channel);
        return;
      }
      this.#tail = this.#tail.then(() => this.#process(channel, message));
    });
    this.#consumerTag = consumer.consumerTag;
    return channel;
  }

  async #process(channel: Channel, message: ConsumeMessage): Promise<void> {
    if (this.#stopping.signal.aborted || isClosed(channel)) return;
    const disposition = await this.#decide(message);
    if (isClosed(channel)) {
      this.#options.logger.info({ channel: this.#options.name }, 'message redelivered: channel closed');
      return;
    }
    try {
      if (disposition === 'ack') channel.ack(message);
      else if (disposition === 'dead_letter') channel.nack(message, false, false);
      else if (this.#options.prefetch === 1) channel.nack(message, false, true);
      else await this.#channel.renew(channel); // requeues those prefetched too, so that the order stays
    } catch (error) {
      this.#options.logger.info({ err: error, channel: this.#options.name }, 'message not acknowledged');
    }
  }

  async #decide(message: ConsumeMessage): Promise<Disposition> {
    try {
      const disposition = await this.#options.handle(message);
      if (disposition !== 'dead_letter' || this.#options.moveToDeadLetters === undefined) return disposition;
      await this.#options.moveToDeadLetters(message);
      return 'ack';
    } catch (error) {
      this.#options.logger.error({ err: error, channel: this.#options.name }, 'message handler failed');
      await pause(PAUSE_AFTER_THROW_MS, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      return 'requeue';
    }
  }
}

function nextConnection(broker: Broker, timeoutMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stopListening = broker.onConnect(() => resolve());
  return withTimeout(promise, timeoutMs)
    .catch(() => undefined)
    .finally(stopListening);
}
