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
 * Networks have their own ways of responding: sign-in pages, firewalls, proxies that are set up wrongly. So nothing that
 * is final is believed of anybody but the API, whose errors have a form of their own, and the object store.
 */

/** The form of the API's errors, also of a later version that has further codes. */
const errorFormSchema = z.object({
  error: errorResponseSchema.shape.error.extend({ code: z.string() }),
});

const S3_ERROR = /<Error>[\s\S]*?<Code>([^<]+)<\/Code>/;

/**
 * What a response that is a success says. Throws `not_a_server` for one that no Reelmill server would give, and
 * `intercepted` for a page.
 */
export function readAnswer<T>(response: HttpResponse, schema: z.ZodType<T>): T {
  const body = parseJson(response.body);
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  // a page in place of JSON comes from something in between, which may go away; another shape stays what it is
  if (body === undefined) throw intercepted(response);
  throw new ReelmillError('not_a_server', 'The answer is not one of a Reelmill server.', {
    retryable: false,
    cause: parsed.error,
  });
}

/** Throws unless the API says that it did what it was asked for. */
export function assertSuccess(response: HttpResponse): void {
  if (response.status < 200 || response.status > 299) throw apiFailure(response);
  const isEmpty = response.status === 204 && response.body === '';
  if (!isEmpty && parseJson(response.body) === undefined) throw intercepted(response);
}

/** Whether the API itself refuses the access token. */
export function isTokenRejected(response: HttpResponse): boolean {
  return response.status === 401 && readError(response.body) !== null;
}

/** The API's own error where the response carries one, otherwise `unavailable`, or `intercepted` for what it never says. */
export function apiFailure(response: HttpResponse): ReelmillError {
  const said = readError(response.body);
  const retryAfterSeconds = readRetryAfter(response);
  const retryAfter = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
  if (said === null) {
    const code = temporaryCodeOf(response.status);
    if (code === null) return intercepted(response);
    return new ReelmillError(code, `The server answered with HTTP ${response.status}.`, retryAfter);
  }
  const { message, details } = said;
  const code = errorCodeSchema.safeParse(said.code).data ?? codeOfStatus(response.status);
  return new ReelmillError(code, message, {
    details,
    retryable: ERROR_CODES[code].retryable || response.status >= 500,
    ...retryAfter,
  });
}

/** Throws unless the store says that it took a part; it says so with no more than headers. */
export function assertPartStored(response: HttpResponse): void {
  if (response.status < 200 || response.status > 299) throw storeFailure(response);
  if (response.body !== '') throw intercepted(response);
}

/**
 * Why the store did not take a part. A refused signature is retryable, because every try gets a new one; the only
 * things that no other try can mend are an upload or a bucket that is gone, and another sender (`state_conflict`).
 */
function storeFailure(response: HttpResponse): ReelmillError {
  const { status } = response;
  const retryAfterSeconds = readRetryAfter(response);
  const retryAfter = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
  const storesCode = readStoreCode(response.body);
  const isTemporary = temporaryCodeOf(status) !== null;
  if (status === 413 && storesCode === null) {
    const message = 'Something between this computer and the store refuses requests of this size (HTTP 413).';
    return new ReelmillError('intercepted', message, { retryable: false });
  }
  // redirects of S3 too: the address was signed for another host
  if (!isTemporary && (storesCode === null || status < 400)) return intercepted(response);
  if (storesCode === 'BadDigest' || storesCode === 'checksum_mismatch') {
    return new ReelmillError('network', 'What arrived at the store is not what was sent.');
  }
  if (storesCode === 'state_conflict') {
    return new ReelmillError('state_conflict', 'Another program is sending the same part.');
  }
  if (status === 403) {
    return new ReelmillError('signature_invalid', 'The store refused the signed address of a part.', {
      retryable: true,
    });
  }
  if (status === 404 || status === 410) {
    return new ReelmillError('upload_gone', 'The store does not know this upload any more.');
  }
  if (status === 507) {
    return new ReelmillError('insufficient_storage', 'The store has too little free space.', retryAfter);
  }
  const message = `The store answered with HTTP ${status}.`;
  // a store that is busy or broken will recover; one that finds fault with the request may do so for ever
  if (isTemporary) return new ReelmillError('unavailable', message, retryAfter);
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

/** A response that cannot be one of the server or its store. */
function intercepted({ status, headers }: HttpResponse): ReelmillError {
  const what = status >= 300 && status < 400 ? 'a redirect' : (headers['content-type'] ?? 'no content');
  return new ReelmillError(
    'intercepted',
    `Something between you and the server responds in its place (HTTP ${status}, ${what}): ` +
      'a sign-in page of the network, a firewall or a proxy. Open the address of the server in a browser to see it.',
  );
}

/** The code of an error of S3 (XML) or of the server's own store (JSON); null where it is neither's. */
function readStoreCode(body: string): string | null {
  return readError(body)?.code ?? S3_ERROR.exec(body)?.[1] ?? null;
}

function readError(body: string): z.infer<typeof errorFormSchema>['error'] | null {
  return errorFormSchema.safeParse(parseJson(body)).data?.error ?? null;
}

/** The closest code to a status, for an error of the API that this version does not know. */
function codeOfStatus(status: number): ErrorCode {
  if (status === 401) return 'unauthorized';
  if (status === 403) return 'forbidden';
  if (status === 404) return 'not_found';
  if (status === 409) return 'state_conflict';
  if (status === 413) return 'too_large';
  return temporaryCodeOf(status) ?? 'validation_failed';
}

/** What a status means that says nothing final, whoever responds with it; null for all others. */
function temporaryCodeOf(status: number): ErrorCode | null {
  if (status === 408) return 'timeout';
  if (status === 429) return 'rate_limited';
  return status >= 500 ? 'unavailable' : null;
}
