import { EventEmitter } from 'node:events';
import { type Channel, type ChannelModel, connect, type RecoveringChannelModel } from 'amqplib';
import { ReelmillError } from '../../runtime/errors.ts';
import type { Logger } from '../../runtime/logger.ts';
import { withTimeout } from '../../runtime/timeout.ts';
import { formatBrokerError, isRefusal } from './brokerErrors.ts';

const HEARTBEAT_SECONDS = 10;
const CONNECT_TIMEOUT_MS = 10_000;
const CLOSE_TIMEOUT_MS = 5_000;
const RECONNECT = { initialDelay: 100, maxDelay: 5_000, factor: 2, jitter: 0.3 };

/**
 * One connection to RabbitMQ that is made again for ever, from the first attempt on.
 * `connect` is emitted with every new connection, after `setup` succeeded on it.
 */
export class Broker {
  readonly #logger: Logger;
  readonly #connection: Promise<RecoveringChannelModel>;
  readonly #connected = new EventEmitter<{ connect: [ChannelModel] }>().setMaxListeners(0);
  #model: ChannelModel | null = null;
  #blocked = false;
  #closed = false;
  #fault = 'not connected yet';
  /** What was logged since the last connection: that there is none, and that RabbitMQ refuses one. */
  #logged: 'nothing' | 'away' | 'refused' = 'nothing';

  constructor(options: {
    url: string;
    /** Shown in the broker's list of connections. */
    connectionName: string;
    setup: (model: ChannelModel) => Promise<void>;
    logger: Logger;
  }) {
    this.#logger = options.logger;
    this.#connection = connect(withHeartbeat(options.url), {
      noDelay: true,
      keepAlive: true,
      timeout: CONNECT_TIMEOUT_MS,
      clientProperties: { connection_name: options.connectionName },
      recovery: { ...RECONNECT, waitForConnect: false, setup: options.setup },
    });
    this.#connection.then(
      (connection) => this.#observe(connection),
      (error: Error) => this.#remember(error),
    );
  }

  /** The connection as it is now, or null while there is none. */
  get model(): ChannelModel | null {
    return this.#model;
  }

  /** Whether the broker blocks publishers because it is short of memory or disk. */
  get blocked(): boolean {
    return this.#blocked;
  }

  /** Throws `unavailable` after `close`. */
  requireOpen(): void {
    if (this.#closed) throw this.unavailable();
  }

  /** Throws `unavailable`, with the reason, while there is no connection. */
  requireModel(): ChannelModel {
    if (this.#model === null) throw this.unavailable();
    return this.#model;
  }

  unavailable(cause?: unknown): ReelmillError {
    const reason = cause instanceof Error ? cause.message : this.#fault;
    return new ReelmillError('unavailable', `RabbitMQ is unavailable: ${reason}`, { cause });
  }

  onConnect(listener: (model: ChannelModel) => void): () => void {
    this.#connected.on('connect', listener);
    return () => this.#connected.off('connect', listener);
  }

  /** Ends the connection and every channel on it; no new one is made. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#model = null;
    this.#fault = 'the queue was closed';
    const connection = await this.#connection.catch(() => null);
    await withTimeout(connection?.close() ?? Promise.resolve(), CLOSE_TIMEOUT_MS).catch((error: unknown) => {
      this.#logger.warn({ err: error }, 'close of the connection not confirmed by RabbitMQ');
    });
  }

  #observe(connection: RecoveringChannelModel): void {
    connection.on('connect', (model) => {
      if (this.#closed) return;
      this.#model = model;
      this.#blocked = false;
      this.#logged = 'nothing';
      this.#logger.info('connected to RabbitMQ');
      this.#connected.emit('connect', model);
    });
    connection.on('disconnect', (error) => {
      this.#model = null;
      this.#remember(error);
    });
    connection.on('connect-failed', (error) => this.#remember(error));
    connection.on('reconnect-failed', (error: Error) => this.#remember(error));
    // the connection's end follows as `disconnect`; an `error` without a listener would end the process
    connection.on('error', (error) => this.#remember(error));
    connection.on('blocked', (reason) => {
      this.#blocked = true;
      this.#logger.warn({ reason }, 'publishers blocked by RabbitMQ');
    });
    connection.on('unblocked', () => {
      this.#blocked = false;
      this.#logger.info('publishers unblocked by RabbitMQ');
    });
  }

  #remember(error: Error): void {
    if (this.#closed) return;
    this.#fault = formatBrokerError(error);
    const refused = isRefusal(error);
    if (this.#logged === 'refused' || (this.#logged === 'away' && !refused)) return;
    this.#logged = refused ? 'refused' : 'away';
    this.#logger.warn({ reason: this.#fault }, 'no connection to RabbitMQ');
  }
}

/** Opens a channel and observes it. */
export async function openChannel(model: ChannelModel): Promise<Channel> {
  return observeChannel(await model.createChannel());
}

const closedChannels = new WeakSet<Channel>();
const channelErrors = new WeakMap<Channel, Error>();

/** To be called on a new channel before anything else: from here on `isClosed` and `closedBecause` know it. */
export function observeChannel<C extends Channel>(channel: C): C {
  channel.once('close', () => closedChannels.add(channel));
  // `amqplib` reports the error of a call to its caller as well
  channel.on('error', (error) => channelErrors.set(channel, error));
  return channel;
}

/** Why RabbitMQ closed the channel; undefined where it did not. */
export function closedBecause(channel: Channel): Error | undefined {
  return channelErrors.get(channel);
}

export function isClosed(channel: Channel): boolean {
  return closedChannels.has(channel);
}

/** Closes a channel that may be closed already, or whose connection may be gone. */
export async function closeQuietly(channel: Channel): Promise<void> {
  if (!isClosed(channel)) await withTimeout(channel.close(), CLOSE_TIMEOUT_MS).catch(() => undefined);
}

function withHeartbeat(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null || !['amqp:', 'amqps:'].includes(parsed.protocol)) {
    throw new ReelmillError(
      'validation_failed',
      'the address of RabbitMQ must look like amqp://user:password@host:5672/vhost',
    );
  }
  if (!parsed.searchParams.has('heartbeat')) parsed.searchParams.set('heartbeat', String(HEARTBEAT_SECONDS));
  return parsed.href;
}
