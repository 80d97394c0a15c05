import { z } from 'zod';
import { deadLetterSchema } from '../contracts/admin.ts';
import type { Consumer, Disposition, JobQueue } from '../ports/jobQueue.ts';
import { ReelmillError } from '../runtime/errors.ts';
import type { Logger } from '../runtime/logger.ts';
import { withTimeout } from '../runtime/timeout.ts';
import type { IpcChannel } from './ipc/channel.ts';
import {
  type ClientFrame,
  isQueueFrame,
  type QueueCall,
  type QueueValue,
  type ServerFrame,
  serverFrameSchema,
} from './ipc/frames.ts';
import { controlCodec, deliverControl, eventCodec, type MessageCodec, taskCodec } from './messageCodec.ts';

/** How long the other process may take to respond; it does so at once unless it hangs. */
const CALL_TIMEOUT_MS = 30_000;

const depthSchema = z.object({ ready: z.int(), consumers: z.int(), deadLetters: z.int() });

type Delivery = Extract<ServerFrame, { type: 'queue_delivery' }>;

/** A consumer of this end; `deliver` is null for control messages, which are not acknowledged. */
interface LocalConsumer {
  deliver: ((delivery: Delivery) => Promise<Disposition>) | null;
  control: ((text: string) => void) | null;
}

/**
 * The job queue of the process at the other end of a channel, which serves it with `serveJobQueue`. Once the channel is
 * closed every call throws `unavailable`: there is no other connection to wait for.
 */
export function createIpcQueue({ channel, logger }: { channel: IpcChannel; logger: Logger }): JobQueue {
  const calls = new Map<number, PromiseWithResolvers<QueueValue>>();
  const local = new Map<number, LocalConsumer>();
  const consumers = new Set<Consumer>();
  let lastId = 0;
  let closed = false;

  const send = (frame: ClientFrame): void => channel.send(frame);

  const call = async (request: QueueCall): Promise<QueueValue> => {
    if (!channel.open) throw unavailable();
    lastId += 1;
    const callId = lastId;
    const pending = Promise.withResolvers<QueueValue>();
    calls.set(callId, pending);
    send({ type: 'queue_call', callId, call: request });
    try {
      // a consumer stops when its handler has ended, which may take as long as a task does
      if (request.method === 'stopConsumer') return await pending.promise;
      return await withTimeout(pending.promise, CALL_TIMEOUT_MS, 'the queue').catch(asUnavailable);
    } finally {
      calls.delete(callId);
    }
  };

  const callOpen = (request: QueueCall): Promise<QueueValue> =>
    closed ? Promise.reject(unavailable()) : call(request);

  const acknowledge = async (delivery: Delivery): Promise<void> => {
    const deliver = local.get(delivery.consumerId)?.deliver;
    let disposition: Disposition = 'requeue';
    try {
      if (deliver) disposition = await deliver(delivery);
    } catch (error) {
      logger.error({ err: error }, 'message handler failed');
    }
    send({ type: 'queue_disposition', deliveryId: delivery.deliveryId, disposition });
  };

  const consume = async (
    method: 'consumeTasks' | 'consumeEvents' | 'onControl',
    consumer: LocalConsumer,
  ): Promise<Consumer> => {
    lastId += 1;
    const consumerId = lastId;
    local.set(consumerId, consumer);
    try {
      await callOpen({ method, consumerId });
    } catch (error) {
      local.delete(consumerId);
      throw error;
    }
    const stop = async (): Promise<void> => {
      local.delete(consumerId);
      // a closed channel has ended it already
      if (channel.open) await call({ method: 'stopConsumer', consumerId }).catch(ignoreUnavailable);
      consumers.delete(kept);
    };
    let stopped: Promise<void> | undefined;
    const kept: Consumer = {
      stop: () => {
        stopped ??= stop();
        return stopped;
      },
    };
    consumers.add(kept);
    return kept;
  };

  channel.onMessage((message) => {
    if (!isQueueFrame(message)) return;
    const parsed = serverFrameSchema.safeParse(message);
    if (!parsed.success) {
      logger.error({ err: parsed.error }, 'invalid message of the queue server dropped');
      return;
    }
    const frame = parsed.data;
    if (frame.type === 'queue_delivery') void acknowledge(frame);
    else if (frame.type === 'queue_control') local.get(frame.consumerId)?.control?.(frame.text);
    else if (frame.type === 'queue_result') calls.get(frame.callId)?.resolve(frame.value);
    else {
      const { code, retryable } = frame;
      calls.get(frame.callId)?.reject(new ReelmillError(code, frame.message, { retryable }));
    }
  });
  channel.onClose(() => {
    for (const { reject } of calls.values()) reject(unavailable());
  });

  return {
    durable: false,

    async publishTask(message) {
      await callOpen({ method: 'publishTask', text: taskCodec.encode(message) });
    },

    consumeTasks: (handler) =>
      consume('consumeTasks', {
        deliver: ({ text, redelivered }) =>
          handleDecoded(taskCodec, text, (message) => handler(message, { redelivered })),
        control: null,
      }),

    async publishEvent(event) {
      await callOpen({ method: 'publishEvent', text: eventCodec.encode(event) });
    },

    consumeEvents: (handler) =>
      consume('consumeEvents', {
        deliver: ({ text }) => handleDecoded(eventCodec, text, handler),
        control: null,
      }),

    async broadcast(message) {
      await callOpen({ method: 'broadcast', text: controlCodec.encode(message) });
    },

    onControl: (handler) =>
      consume('onControl', {
        deliver: null,
        control: (text) => deliverControl(text, handler, logger),
      }),

    depth: async () => depthSchema.parse(await callOpen({ method: 'depth' })),

    peekDeadLetters: async (limit) =>
      z.array(deadLetterSchema).parse(await callOpen({ method: 'peekDeadLetters', limit })),

    replayDeadLetters: async ({ limit, ids }) =>
      z.int().parse(await callOpen({ method: 'replayDeadLetters', choice: choiceOf(limit, ids) })),

    discardDeadLetters: async ({ limit, ids }) =>
      z.int().parse(await callOpen({ method: 'discardDeadLetters', choice: choiceOf(limit, ids) })),

    async check() {
      await callOpen({ method: 'check' });
    },

    async close() {
      closed = true;
      await Promise.all([...consumers].map((consumer) => consumer.stop()));
      await Promise.allSettled([...calls.values()].map(({ promise }) => promise));
    },
  };
}

async function handleDecoded<T>(
  codec: MessageCodec<T>,
  text: string,
  handle: (message: T) => Promise<Disposition>,
): Promise<Disposition> {
  const decoded = codec.decode(text);
  return decoded.ok ? handle(decoded.message) : 'dead_letter';
}

function choiceOf(limit: number, ids: readonly string[] | undefined) {
  return ids === undefined ? { limit } : { limit, ids: [...ids] };
}

function unavailable(): ReelmillError {
  return new ReelmillError('unavailable', 'The queue was closed.');
}

function asUnavailable(error: unknown): never {
  if (error instanceof ReelmillError && error.code === 'timeout') {
    throw new ReelmillError('unavailable', 'The queue does not respond.', { cause: error });
  }
  throw error;
}

function ignoreUnavailable(error: unknown): null {
  if (error instanceof ReelmillError && error.code === 'unavailable') return null;
  throw error;
}
