import {
  ERROR_CODES,
  type ErrorCode,
  errorCodeSchema,
  errorResponseSchema,
} from '@reelmill/shared/contracts/errors.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { z } from 'zod';
import type { HttpResponse } from '../ports/ports.ts';

/*
 * Networks respond in place of the server: sign-in pages, firewalls, misconfigured proxies. So an error is only final when
 * it is in the form of the API's errors or of the object store's.
 */

/** The form of the API's errors, including those of a later version with other codes. */
const errorFormSchema = z.object({
  error: errorResponseSchema.shape.error.extend({ code: z.string() }),
});

const S3_ERROR = /<Error>[\s\S]*?<Code>([^<]+)<\/Code>/;

/** Returns the body of a successful response. Throws `not_a_server` for another shape, and `intercepted` for a page. */
export function readResponse<T>(response: HttpResponse, schema: z.ZodType<T>): T {
  const body = parseJson(response.body);
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  // a page in place of JSON comes from something in between and may be temporary; another shape is final
  if (body === undefined) throw intercepted(response);
  throw new ReelmillError('not_a_server', 'The response is not that of a Reelmill server.', {
    retryable: false,
    cause: parsed.error,
  });
}

/** Throws unless the API responded with success. */
export function assertSuccess(response: HttpResponse): void {
  if (response.status < 200 || response.status > 299) throw apiFailure(response);
  const isEmpty = response.status === 204 && response.body === '';
  if (!isEmpty && parseJson(response.body) === undefined) throw intercepted(response);
}

/** Whether the API itself rejected the access token. */
export function isTokenRejected(response: HttpResponse): boolean {
  return response.status === 401 && readError(response.body) !== null;
}

/** Returns the API's own error where the response has one, otherwise `unavailable`, or `intercepted` for any other response. */
export function apiFailure(response: HttpResponse): ReelmillError {
  const apiError = readError(response.body);
  const retryAfterSeconds = readRetryAfter(response);
  const retryAfter = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
  if (apiError === null) {
    const code = temporaryCodeOf(response.status);
    if (code === null) return intercepted(response);
    return new ReelmillError(code, `The server responded with HTTP ${response.status}.`, retryAfter);
  }
  const { message, details } = apiError;
  const code = errorCodeSchema.safeParse(apiError.code).data ?? codeOfStatus(response.status);
  return new ReelmillError(code, message, {
    details,
    retryable: ERROR_CODES[code].retryable || response.status >= 500,
    ...retryAfter,
  });
}

/** Throws unless the store accepted a part: its response has no body then. */
export function assertPartStored(response: HttpResponse): void {
  if (response.status < 200 || response.status > 299) throw storeFailure(response);
  if (response.body !== '') throw intercepted(response);
}

/**
 * Returns why the store did not accept a part. A rejected signature is retryable, because every attempt gets a new one;
 * only an upload or a bucket that is gone, and another sender (`state_conflict`), are final.
 */
function storeFailure(response: HttpResponse): ReelmillError {
  const { status } = response;
  const retryAfterSeconds = readRetryAfter(response);
  const retryAfter = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
  const storeCode = readStoreCode(response.body);
  const isTemporary = temporaryCodeOf(status) !== null;
  if (status === 413 && storeCode === null) {
    const message = 'Something between this computer and the store rejects requests of this size (HTTP 413).';
    return new ReelmillError('intercepted', message, { retryable: false });
  }
  // also for redirects of S3: the URL was signed for another host
  if (!isTemporary && (storeCode === null || status < 400)) return intercepted(response);
  if (storeCode === 'BadDigest' || storeCode === 'checksum_mismatch') {
    return new ReelmillError('network', 'The data that the store received does not match what was sent.');
  }
  if (storeCode === 'state_conflict') {
    return new ReelmillError('state_conflict', 'Another program is sending the same part.');
  }
  if (status === 403) {
    return new ReelmillError('signature_invalid', 'The store rejected the signed URL of a part.', {
      retryable: true,
    });
  }
  if (status === 404 || status === 410) {
    return new ReelmillError('upload_gone', 'The store no longer has this upload.');
  }
  if (status === 507) {
    return new ReelmillError('insufficient_storage', 'The store has too little free space.', retryAfter);
  }
  const message = `The store responded with HTTP ${status}.`;
  // a store that is busy or broken will recover; one that rejects the request may always do so
  if (isTemporary) return new ReelmillError('unavailable', message, retryAfter);
  return new ReelmillError('internal', message, { retryable: status !== 413 });
}

/** Returns the seconds of a Retry-After header, which has a number or a date. */
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

/** The error for a response that cannot be that of the server or its store. */
function intercepted({ status, headers }: HttpResponse): ReelmillError {
  const what = status >= 300 && status < 400 ? 'a redirect' : (headers['content-type'] ?? 'no content');
  return new ReelmillError(
    'intercepted',
    `Something between you and the server responded in its place (HTTP ${status}, ${what}): ` +
      'the sign-in page of a network, a firewall or a proxy. Open the server address in a browser to see it.',
  );
}

/** Returns the error code of S3 (XML) or of the server's own store (JSON), otherwise null. */
function readStoreCode(body: string): string | null {
  return readError(body)?.code ?? S3_ERROR.exec(body)?.[1] ?? null;
}

function readError(body: string): z.infer<typeof errorFormSchema>['error'] | null {
  return errorFormSchema.safeParse(parseJson(body)).data?.error ?? null;
}

/** Returns the closest code to a status, for an API error whose code this version does not know. */
function codeOfStatus(status: number): ErrorCode {
  if (status === 401) return 'unauthorized';
  if (status === 403) return 'forbidden';
  if (status === 404) return 'not_found';
  if (status === 409) return 'state_conflict';
  if (status === 413) return 'too_large';
  return temporaryCodeOf(status) ?? 'validation_failed';
}

/** Returns the code of a status that is temporary, whatever responded with it; null for other statuses. */
function temporaryCodeOf(status: number): ErrorCode | null {
  if (status === 408) return 'timeout';
  if (status === 429) return 'rate_limited';
  return status >= 500 ? 'unavailable' : null;
}
