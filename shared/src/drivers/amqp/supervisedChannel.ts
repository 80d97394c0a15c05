import { setTimeout as pause } from 'node:timers/promises';
import type { Channel, ChannelModel } from 'amqplib';
import { backoffMs } from '../../core/backoff.ts';
import type { Logger } from '../../runtime/logger.ts';
import { type Broker, closedBecause, closeQuietly, isClosed } from './broker.ts';
import { formatBrokerError } from './brokerErrors.ts';

const REOPEN = { baseMs: 100, maxMs: 5_000 };
const STABLE_MS = 30_000;

/**
 * A channel that is there whenever its connection is. It is opened on every new connection, and opened again when it
 * alone closes: RabbitMQ closes a channel for a late acknowledgement, a deleted queue, a failed declaration.
 *
 * States: waiting (for a connection, or before the next try) → opening → open → waiting; closed ends it.
 */
export class SupervisedChannel<C extends Channel> {
  readonly #broker: Broker;
  readonly #name: string;
  readonly #open: (model: ChannelModel) => Promise<C>;
  readonly #logger: Logger;
  readonly #closing = new AbortController();
  readonly #stopListening: () => void;
  #current: C | null = null;
  #openedAt = 0;
  #failures = 0;
  /** Whether it is logged that the channel cannot be used; once until it can. */
  #logged = false;
  #opening: Promise<void> | null = null;

  constructor(
    broker: Broker,
    options: { name: string; open: (model: ChannelModel) => Promise<C>; logger: Logger },
  ) {
    this.#broker = broker;
    this.#name = options.name;
    this.#open = options.open;
    this.#logger = options.logger;
    this.#stopListening = broker.onConnect(() => this.#ensure());
    this.#ensure();
  }

  get current(): C | null {
    return this.#current;
  }

  /** The open channel; throws `unavailable` while there is none. */
  require(): C {
    if (this.#current === null) throw this.#broker.unavailable();
    return this.#current;
  }

  /** Resolves when the attempt to open that is in progress, if any, has succeeded or failed. */
  async opened(): Promise<void> {
    await this.#opening;
  }

  /** Closes this channel, so that a new one is opened: what was unacknowledged on it is redelivered. */
  async renew(channel: C): Promise<void> {
    if (this.#current === channel) this.#current = null;
    await closeQuietly(channel);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#stopListening();
    await this.#opening;
    const channel = this.#current;
    this.#current = null;
    if (channel !== null) await closeQuietly(channel);
  }

  #ensure(): void {
    if (this.#closing.signal.aborted || this.#opening !== null || this.#current !== null) return;
    const model = this.#broker.model;
    if (model === null) return;
    this.#opening = this.#tryToOpen(model).finally(() => {
      this.#opening = null;
      if (this.#broker.model !== model) this.#ensure();
    });
  }

  async #tryToOpen(model: ChannelModel): Promise<void> {
    try {
      const channel = await this.#open(model);
      if (this.#closing.signal.aborted) return await closeQuietly(channel);
      this.#openedAt = performance.now();
      if (isClosed(channel)) return this.#lose(channel);
      channel.once('close', () => this.#lose(channel));
      this.#current = channel;
      if (this.#logged) this.#logger.info({ channel: this.#name }, 'channel open again');
      this.#logged = false;
    } catch (error) {
      if (this.#broker.model !== model) return; // the connection went with it
      this.#log(error, 'channel cannot be opened');
      void this.#retry();
    }
  }

  #lose(channel: C): void {
    if (this.#current === channel) this.#current = null;
    if (performance.now() - this.#openedAt > STABLE_MS) this.#failures = 0;
    const error = closedBecause(channel);
    if (error !== undefined) this.#log(error, 'channel closed by RabbitMQ');
    void this.#retry();
  }

  #log(error: unknown, message: string): void {
    if (this.#logged) return;
    this.#logged = true;
    this.#logger.warn({ reason: formatBrokerError(error), channel: this.#name }, message);
  }

  async #retry(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#failures += 1;
    try {
      await pause(backoffMs(this.#failures, REOPEN), undefined, { signal: this.#closing.signal });
    } catch {
      return; // closed meanwhile
    }
    this.#ensure();
  }
}
