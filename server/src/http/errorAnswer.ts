import { ERROR_CODES, type ErrorCode, type ErrorResponse } from '@reelmill/shared/contracts/errors.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { BaseError } from 'sequelize';
import { isConnectionLoss } from '../db/connectionLoss.ts';
import { RequestValidationError } from './route.ts';

const RETRY_AFTER_SECONDS = 5;

export interface ErrorAnswer {
  status: number;
  body: ErrorResponse;
  retryAfterSeconds: number | undefined;
}

/** The one place where errors become answers. What is the server's own fault is told without its cause. */
export function answerError(error: unknown, requestId: string): ErrorAnswer {
  const fault = classify(error);
  const status = ERROR_CODES[fault.code].status;
  return {
    status,
    body: {
      error: {
        code: fault.code,
        message: status >= 500 ? messageOfOurs(fault) : fault.message,
        ...(fault.details === undefined ? {} : { details: fault.details }),
        request_id: requestId,
      },
    },
    retryAfterSeconds: fault.retryAfterSeconds ?? (status === 503 ? RETRY_AFTER_SECONDS : undefined),
  };
}

interface Fault {
  code: ErrorCode;
  message: string;
  details?: unknown;
  retryAfterSeconds?: number | undefined;
}

function classify(error: unknown): Fault {
  if (error instanceof ReelmillError) return ownFault(error);
  if (error instanceof RequestValidationError) return invalidRequest(error);
  if (error instanceof BaseError) {
    return { code: isConnectionLoss(error) ? 'unavailable' : 'internal', message: error.message };
  }
  return unreadableRequest(error) ?? { code: 'internal', message: 'internal' };
}

function ownFault(error: ReelmillError): Fault {
  // codes of tasks and transports that were met while answering are failures of ours
  const code = error.status >= 500 && error.code !== 'insufficient_storage' ? codeOfOurs(error) : error.code;
  return {
    code,
    message: error.message,
    details: error.status >= 500 ? undefined : error.details,
    retryAfterSeconds: error.retryAfterSeconds,
  };
}

function invalidRequest({ place, issues }: RequestValidationError): Fault {
  const fields = issues.map((issue) => ({
    in: place,
    field: issue.path.join('.'),
    message: issue.message,
  }));
  const first = fields[0];
  const subject = first?.field ? `${first.field}: ` : '';
  return {
    code: 'validation_failed',
    message: `The request is not valid: ${subject}${first?.message ?? 'unknown reason'}`,
    details: { fields },
  };
}

/** What Express and its body parser refuse by themselves. */
function unreadableRequest(error: unknown): Fault | undefined {
  if (!(error instanceof Error) || !('status' in error)) return undefined;
  const type = 'type' in error ? String(error.type) : '';
  if (error.status === 413) return { code: 'too_large', message: 'The request body is too large.' };
  if (type === 'entity.parse.failed')
    return { code: 'malformed_json', message: 'The body is not valid JSON.' };
  if (type !== '') return { code: 'malformed_json', message: 'The body cannot be read as JSON.' };
  if (typeof error.status === 'number' && error.status >= 400 && error.status < 500) {
    return { code: 'validation_failed', message: 'The address of the request is not valid.' };
  }
  return undefined;
}

function codeOfOurs({ status }: ReelmillError): ErrorCode {
  return status === 503 ? 'unavailable' : 'internal';
}

function messageOfOurs({ code, message }: Fault): string {
  // the one fault of ours that people can do something about
  if (code === 'insufficient_storage') return message;
  return ERROR_CODES[code].status === 503
    ? 'A part of the service cannot be reached at the moment; please try again shortly.'
    : 'Something went wrong on our side; the request id helps to find out what.';
}
