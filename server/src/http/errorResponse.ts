import { ERROR_CODES, type ErrorCode, type ErrorResponse } from '@reelmill/shared/contracts/errors.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { BaseError } from 'sequelize';
import { isConnectionLoss } from '../db/connectionLoss.ts';
import { RequestValidationError } from './route.ts';

const RETRY_AFTER_SECONDS = 5;

export interface HttpErrorResponse {
  status: number;
  body: ErrorResponse;
  retryAfterSeconds: number | undefined;
}

/** Converts any error to a response; the only place that does. Hides the cause of errors of the server itself. */
export function toErrorResponse(error: unknown, requestId: string): HttpErrorResponse {
  const failure = classify(error);
  const status = ERROR_CODES[failure.code].status;
  return {
    status,
    body: {
      error: {
        code: failure.code,
        message: status >= 500 ? serverErrorMessage(failure) : failure.message,
        ...(failure.details === undefined ? {} : { details: failure.details }),
        request_id: requestId,
      },
    },
    retryAfterSeconds: failure.retryAfterSeconds ?? (status === 503 ? RETRY_AFTER_SECONDS : undefined),
  };
}

interface Failure {
  code: ErrorCode;
  message: string;
  details?: unknown;
  retryAfterSeconds?: number | undefined;
}

function classify(error: unknown): Failure {
  if (error instanceof ReelmillError) return reelmillFailure(error);
  if (error instanceof RequestValidationError) return validationFailure(error);
  if (error instanceof BaseError) {
    return { code: isConnectionLoss(error) ? 'unavailable' : 'internal', message: error.message };
  }
  return parserFailure(error) ?? { code: 'internal', message: 'internal' };
}

function reelmillFailure(error: ReelmillError): Failure {
  // codes of tasks and transports are errors of the server here
  const code =
    error.status >= 500 && error.code !== 'insufficient_storage' ? serverErrorCode(error) : error.code;
  return {
    code,
    message: error.message,
    details: error.status >= 500 ? undefined : error.details,
    retryAfterSeconds: error.retryAfterSeconds,
  };
}

function validationFailure({ place, issues }: RequestValidationError): Failure {
  const fields = issues.map((issue) => ({
    in: place,
    field: issue.path.join('.'),
    message: issue.message,
  }));
  const first = fields[0];
  const subject = first?.field ? `${first.field}: ` : '';
  return {
    code: 'validation_failed',
    message: `The request is not valid: ${subject}${first?.message ?? 'unknown error'}`,
    details: { fields },
  };
}

/** Errors that Express and its body parser throw. */
function parserFailure(error: unknown): Failure | undefined {
  if (!(error instanceof Error) || !('status' in error)) return undefined;
  const type = 'type' in error ? String(error.type) : '';
  if (error.status === 413) return { code: 'too_large', message: 'The request body is too large.' };
  if (type === 'entity.parse.failed')
    return { code: 'malformed_json', message: 'The body is not valid JSON.' };
  if (type !== '') return { code: 'malformed_json', message: 'The body cannot be read as JSON.' };
  if (typeof error.status === 'number' && error.status >= 400 && error.status < 500) {
    return { code: 'validation_failed', message: 'The URL of the request is not valid.' };
  }
  return undefined;
}

function serverErrorCode({ status }: ReelmillError): ErrorCode {
  return status === 503 ? 'unavailable' : 'internal';
}

function serverErrorMessage({ code, message }: Failure): string {
  // the only one of these errors that users can do something about
  if (code === 'insufficient_storage') return message;
  return ERROR_CODES[code].status === 503
    ? 'A part of the service is not available at the moment. Try again shortly.'
    : 'Something went wrong on the server. Its administrator can find the cause by the request ID.';
}
