import { z } from 'zod';
import { deadLetterSchema } from '../../contracts/admin.ts';
import { errorCodeSchema } from '../../contracts/errors.ts';

/*
 * What the two ends of an `ipcQueue` send each other. `text` is a message as its codec (messageCodec.ts) encoded it:
 * the receiving end decodes it again, so that neither trusts the other's types.
 */

const deadLetterChoice = z.object({ limit: z.int(), ids: z.array(z.string()).optional() });

/** A method of the queue that the client calls, with its arguments. */
export const queueCallSchema = z.discriminatedUnion('method', [
  z.object({ method: z.enum(['publishTask', 'publishEvent', 'broadcast']), text: z.string() }),
  z.object({ method: z.enum(['consumeTasks', 'consumeEvents', 'onControl']), consumerId: z.int() }),
  z.object({ method: z.literal('stopConsumer'), consumerId: z.int() }),
  z.object({ method: z.enum(['depth', 'check']) }),
  z.object({ method: z.literal('peekDeadLetters'), limit: z.int() }),
  z.object({ method: z.enum(['replayDeadLetters', 'discardDeadLetters']), choice: deadLetterChoice }),
]);
export type QueueCall = z.infer<typeof queueCallSchema>;

/** What a call returned. */
export const queueValueSchema = z.union([
  z.null(),
  z.int(),
  z.object({ ready: z.int(), consumers: z.int(), deadLetters: z.int() }),
  z.array(deadLetterSchema),
]);
export type QueueValue = z.infer<typeof queueValueSchema>;

export const clientFrameSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('queue_call'), callId: z.int(), call: queueCallSchema }),
  z.object({
    type: z.literal('queue_disposition'),
    deliveryId: z.int(),
    disposition: z.enum(['ack', 'requeue', 'dead_letter']),
  }),
]);
export type ClientFrame = z.infer<typeof clientFrameSchema>;

export const serverFrameSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('queue_result'), callId: z.int(), value: queueValueSchema }),
  z.object({
    type: z.literal('queue_error'),
    callId: z.int(),
    code: errorCodeSchema,
    message: z.string(),
    retryable: z.boolean(),
  }),
  z.object({
    type: z.literal('queue_delivery'),
    consumerId: z.int(),
    deliveryId: z.int(),
    text: z.string(),
    redelivered: z.boolean(),
  }),
  z.object({ type: z.literal('queue_control'), consumerId: z.int(), text: z.string() }),
]);
export type ServerFrame = z.infer<typeof serverFrameSchema>;

/** Whether a message of the channel is meant for the queue; others may share the channel. */
export function isQueueFrame(message: unknown): boolean {
  return (
    typeof message === 'object' &&
    message !== null &&
    'type' in message &&
    typeof message.type === 'string' &&
    message.type.startsWith('queue_')
  );
}
