import { ERROR_CODES, type ErrorCode, errorResponseSchema } from '@reelmill/shared/contracts/errors.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { z } from 'zod';
import type { HttpResponse } from './ports.ts';

/** What an answer that is a success says. Throws `not_a_server` for one that no Reelmill server would give. */
export function readAnswer<T>(response: HttpResponse, schema: z.ZodType<T>): T {
  const body = parseJson(response.body);
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  // a page in place of JSON comes from something in between, which may go away; another shape stays what it is
  throw new ReelmillError('not_a_server', 'The answer is not one of a Reelmill server.', {
    retryable: body === undefined,
    cause: parsed.error,
  });
}

/** The API's own error where the answer carries one, otherwise the closest one to its status. */
export function apiFailure(response: HttpResponse): ReelmillError {
  const parsed = errorResponseSchema.safeParse(parseJson(response.body));
  const retryAfterSeconds = readRetryAfter(response);
  const retryAfter = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
  if (!parsed.success) {
    const code = codeOfStatus(response.status);
    return new ReelmillError(code, `The server answered with HTTP ${response.status}.`, retryAfter);
  }
  const { code, message, details } = parsed.data.error;
  return new ReelmillError(code, message, {
    details,
    retryable: ERROR_CODES[code].retryable || response.status >= 500,
    ...retryAfter,
  });
}

/**
 * Why the store did not take a part. A refused signature is retryable, because every try gets a new one; the only
 * thing that no other try can mend is an upload or a bucket that is gone.
 */
export function storeFailure(response: HttpResponse): ReelmillError {
  const { status } = response;
  const retryAfterSeconds = readRetryAfter(response);
  const retryAfter = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
  if (status === 403) {
    return new ReelmillError('signature_invalid', 'The store refused the signed address of a part.', {
      retryable: true,
    });
  }
  if (status === 404 || status === 410) {
    return new ReelmillError('upload_gone', 'The store does not know this upload any more.');
  }
  if (status >= 300 && status < 400) {
    return new ReelmillError('unavailable', `The store answered with a redirect (HTTP ${status}).`, {
      retryable: false,
    });
  }
  if (status === 507) {
    return new ReelmillError('insufficient_storage', 'The store has too little free space.', retryAfter);
  }
  const message = `The store answered with HTTP ${status}.`;
  // a store that is busy or broken will recover; one that finds fault with the request may do so for ever
  const isStoresFault = status >= 500 || status === 408 || status === 429;
  if (isStoresFault) return new ReelmillError('unavailable', message, retryAfter);
  return new ReelmillError('internal', message, { retryable: status !== 413 });
}

/** Seconds that a Retry-After header asks for, given as a number or as a date. */
export function readRetryAfter(response: HttpResponse, nowMs = Date.now()): number | undefined {
  const value = response.headers['retry-after'];
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value)) return Number(value);
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, (date - nowMs) / 1000);
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function codeOfStatus(status: number): ErrorCode {
  if (status === 401) return 'unauthorized';
  if (status === 403) return 'forbidden';
  if (status === 404) return 'not_found';
  if (status === 408) return 'timeout';
  if (status === 409) return 'state_conflict';
  if (status === 413) return 'too_large';
  if (status === 429) return 'rate_limited';
  // the API never redirects: something in between does, such as the page of a hotel's network
  if (status >= 300 && status < 400) return 'unavailable';
  return status >= 500 ? 'unavailable' : 'validation_failed';
}
