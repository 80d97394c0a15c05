import type { Consumer, Disposition, JobQueue } from '../../ports/jobQueue.ts';
import { ReelmillError } from '../../runtime/errors.ts';
import type { Logger } from '../../runtime/logger.ts';
import { controlCodec, eventCodec, type MessageCodec, taskCodec } from '../messageCodec.ts';
import type { IpcChannel } from './channel.ts';
import {
  clientFrameSchema,
  isQueueFrame,
  type QueueCall,
  type QueueValue,
  type ServerFrame,
} from './frames.ts';

/**
 * Lets the process at the other end of a channel use a queue of this one. When the channel closes, its consumers stop
 * and what they had not acknowledged goes back to the queue, as when a connection to a broker is lost.
 */
export function serveJobQueue(queue: JobQueue, channel: IpcChannel, logger: Logger): void {
  const server = new QueueServer(queue, channel);
  channel.onMessage((message) => {
    if (!isQueueFrame(message)) return;
    const frame = clientFrameSchema.safeParse(message);
    if (!frame.success) logger.error({ err: frame.error }, 'invalid message of the queue client dropped');
    else if (frame.data.type === 'queue_disposition')
      server.resolveDelivery(frame.data.deliveryId, frame.data.disposition);
    else void server.respond(frame.data.callId, frame.data.call);
  });
  channel.onClose(() => server.close());
}

class QueueServer {
  readonly #queue: JobQueue;
  readonly #channel: IpcChannel;
  readonly #consumers = new Map<number, Consumer>();
  readonly #deliveries = new Map<number, (disposition: Disposition) => void>();
  #lastDeliveryId = 0;

  constructor(queue: JobQueue, channel: IpcChannel) {
    this.#queue = queue;
    this.#channel = channel;
  }

  resolveDelivery(deliveryId: number, disposition: Disposition): void {
    this.#deliveries.get(deliveryId)?.(disposition);
    this.#deliveries.delete(deliveryId);
  }

  async respond(callId: number, call: QueueCall): Promise<void> {
    try {
      this.#send({ type: 'queue_result', callId, value: await this.#perform(call) });
    } catch (error) {
      const known =
        error instanceof ReelmillError
          ? error
          : new ReelmillError('internal', error instanceof Error ? error.message : String(error));
      const { code, message, retryable } = known;
      this.#send({ type: 'queue_error', callId, code, message, retryable });
    }
  }

  close(): void {
    // the consumers first: what is requeued must not come to them again
    for (const consumer of this.#consumers.values()) void consumer.stop();
    this.#consumers.clear();
    for (const deliveryId of [...this.#deliveries.keys()]) this.resolveDelivery(deliveryId, 'requeue');
  }

  async #perform(call: QueueCall): Promise<QueueValue> {
    switch (call.method) {
      case 'publishTask':
        await this.#queue.publishTask(decode(taskCodec, call.text));
        return null;
      case 'publishEvent':
        await this.#queue.publishEvent(decode(eventCodec, call.text));
        return null;
      case 'broadcast':
        await this.#queue.broadcast(decode(controlCodec, call.text));
        return null;
      case 'consumeTasks':
      case 'consumeEvents':
      case 'onControl':
        await this.#consume(call.method, call.consumerId);
        return null;
      case 'stopConsumer':
        await this.#consumers.get(call.consumerId)?.stop();
        this.#consumers.delete(call.consumerId);
        return null;
      case 'depth':
        return this.#queue.depth();
      case 'check':
        await this.#queue.check();
        return null;
      case 'peekDeadLetters':
        return this.#queue.peekDeadLetters(call.limit);
      case 'replayDeadLetters':
      case 'discardDeadLetters':
        return this.#queue[call.method](call.choice);
    }
  }

  async #consume(method: 'consumeTasks' | 'consumeEvents' | 'onControl', consumerId: number): Promise<void> {
    const open = {
      consumeTasks: () =>
        this.#queue.consumeTasks((message, { redelivered }) =>
          this.#deliver(consumerId, taskCodec.encode(message), redelivered),
        ),
      consumeEvents: () =>
        this.#queue.consumeEvents((event) => this.#deliver(consumerId, eventCodec.encode(event), false)),
      onControl: () =>
        this.#queue.onControl((message) =>
          this.#send({ type: 'queue_control', consumerId, text: controlCodec.encode(message) }),
        ),
    };
    const consumer = await open[method]();
    // the channel may have closed meanwhile
    if (this.#channel.open) this.#consumers.set(consumerId, consumer);
    else await consumer.stop();
  }

  #deliver(consumerId: number, text: string, redelivered: boolean): Promise<Disposition> {
    if (!this.#channel.open) return Promise.resolve('requeue');
    this.#lastDeliveryId += 1;
    const deliveryId = this.#lastDeliveryId;
    const { promise, resolve } = Promise.withResolvers<Disposition>();
    this.#deliveries.set(deliveryId, resolve);
    this.#send({ type: 'queue_delivery', consumerId, deliveryId, text, redelivered });
    return promise;
  }

  #send(frame: ServerFrame): void {
    this.#channel.send(frame);
  }
}

function decode<T>(codec: MessageCodec<T>, text: string): T {
  const decoded = codec.decode(text);
  if (decoded.ok) return decoded.message;
  throw new ReelmillError('internal', decoded.reason, { retryable: false });
}
