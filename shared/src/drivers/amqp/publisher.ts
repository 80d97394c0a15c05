import { randomUUID } from 'node:crypto';
import type { Channel, ConfirmChannel } from 'amqplib';
import type { Logger } from '../../runtime/logger.ts';
import { withTimeout } from '../../runtime/timeout.ts';
import { type Broker, observeChannel } from './broker.ts';
import { SupervisedChannel } from './supervisedChannel.ts';

const CONFIRM_TIMEOUT_MS = 10_000;

export interface Destination {
  /** '' is the default exchange, which delivers to the queue of the routing key's name. */
  exchange: string;
  routingKey: string;
  /** Whether it is a failure that no queue took the message. */
  mandatory: boolean;
}

/** Publishes on one confirm channel, so that messages arrive in the order in which they were handed over. */
export class Publisher {
  readonly #broker: Broker;
  readonly #channel: SupervisedChannel<ConfirmChannel>;
  /** Messages that came back because no queue took them; RabbitMQ sends them back before it confirms them. */
  readonly #returned = new Set<string>();
  #congested = false;

  constructor(broker: Broker, options: { declare: (channel: Channel) => Promise<void>; logger: Logger }) {
    this.#broker = broker;
    this.#channel = new SupervisedChannel<ConfirmChannel>(broker, {
      name: 'publisher',
      logger: options.logger,
      open: async (model) => {
        const channel = observeChannel(await model.createConfirmChannel());
        await options.declare(channel);
        channel.on('drain', () => {
          this.#congested = false;
        });
        channel.on('return', (message) => this.#returned.add(String(message.properties.messageId)));
        this.#congested = false;
        return channel;
      },
    });
  }

  /** Throws `unavailable` where a message cannot be handed over now. */
  check(): void {
    this.#channel.require();
    if (this.#broker.blocked) {
      throw this.#broker.unavailable(new Error('it is short of memory or disk and takes no messages'));
    }
  }

  /**
   * Resolves when the broker has the message on its disk. Throws `unavailable` where it does not confirm in time; the
   * message may have arrived all the same.
   */
  async publish(destination: Destination, body: string, headers: Record<string, string> = {}): Promise<void> {
    this.check();
    const channel = this.#channel.require();
    const messageId = randomUUID();
    try {
      const confirmed = new Promise<void>((resolve, reject) => {
        const flowing = channel.publish(
          destination.exchange,
          destination.routingKey,
          Buffer.from(body),
          {
            persistent: true,
            mandatory: destination.mandatory,
            contentType: 'application/json',
            messageId,
            headers,
          },
          (error: Error | null) => (error === null ? resolve() : reject(error)),
        );
        if (!flowing) this.#congested = true;
      });
      await withTimeout(confirmed, CONFIRM_TIMEOUT_MS, 'the confirmation');
    } catch (error) {
      // confirmations that are still to come on this channel can no longer be matched
      void this.#channel.renew(channel);
      throw this.#broker.unavailable(error);
    }
    if (this.#returned.delete(messageId)) {
      void this.#channel.renew(channel); // declares the queues again
      const { exchange, routingKey } = destination;
      throw this.#broker.unavailable(new Error(`there is no queue behind "${exchange || routingKey}"`));
    }
  }

  /** Hands a message over that may be lost; it is dropped where the connection is congested. */
  publishLossy(destination: Destination, body: string, expirationMs: number): void {
    const channel = this.#channel.require();
    if (this.#congested || this.#broker.blocked) return;
    const flowing = channel.publish(destination.exchange, destination.routingKey, Buffer.from(body), {
      persistent: false,
      contentType: 'application/json',
      expiration: expirationMs,
    });
    if (!flowing) this.#congested = true;
  }

  async close(): Promise<void> {
    await this.#channel.close();
  }
}
