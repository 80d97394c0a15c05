import type { z } from 'zod';
import {
  type ControlMessage,
  controlMessageSchema,
  taskMessageSchema,
  workerEventSchema,
} from '../contracts/tasks.ts';
import { writeEventNames, writeTaskNames } from '../contracts/wireNames.ts';
import { ReelmillError } from '../runtime/errors.ts';
import type { Logger } from '../runtime/logger.ts';

const MAX_REASON_CHARACTERS = 500;

export type Decoded<T> = { ok: true; message: T } | { ok: false; reason: string };

/** How one kind of message travels: JSON that its schema accepts, on both sides. */
export interface MessageCodec<T> {
  /** Throws a non-retryable `internal` error: an invalid message is never sent. */
  encode(message: T): string;
  /** Returns the reason where the text is not such a message. */
  decode(text: string): Decoded<T>;
}

export const taskCodec = createCodec(taskMessageSchema, writeTaskNames);
export const eventCodec = createCodec(workerEventSchema, writeEventNames);
export const controlCodec = createCodec(controlMessageSchema);

/** Control messages are not retried: one that is invalid or cannot be handled is logged and dropped. */
export function deliverControl(
  text: string,
  handler: (message: ControlMessage) => void,
  logger: Logger,
): void {
  const decoded = controlCodec.decode(text);
  if (!decoded.ok) {
    logger.error({ reason: decoded.reason }, 'invalid control message dropped');
    return;
  }
  try {
    handler(decoded.message);
  } catch (error) {
    logger.error({ err: error }, 'control message handler failed');
  }
}

/** `write` returns a valid message as it is sent. */
function createCodec<T>(
  schema: z.ZodType<T>,
  write: (message: T) => unknown = (message) => message,
): MessageCodec<T> {
  return {
    encode(message) {
      const result = schema.safeParse(message);
      if (result.success) return JSON.stringify(write(result.data));
      throw new ReelmillError('internal', `the message is not valid: ${formatIssues(result.error)}`, {
        cause: result.error,
        retryable: false,
      });
    },
    decode(text) {
      const parsed = parseJson(text);
      if (!parsed.ok) return parsed;
      const result = schema.safeParse(parsed.message);
      return result.success
        ? { ok: true, message: result.data }
        : { ok: false, reason: `not valid: ${formatIssues(result.error)}` };
    },
  };
}

function parseJson(text: string): Decoded<unknown> {
  try {
    return { ok: true, message: JSON.parse(text) };
  } catch {
    return { ok: false, reason: 'not JSON' };
  }
}

function formatIssues(error: z.ZodError): string {
  return error.issues
    .map((issue) => (issue.path.length > 0 ? `${issue.path.join('.')}: ${issue.message}` : issue.message))
    .join('; ')
    .slice(0, MAX_REASON_CHARACTERS);
}
