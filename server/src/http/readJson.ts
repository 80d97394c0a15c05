import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { sendContinue } from '@reelmill/shared/runtime/expectContinue.ts';
import express, { type Request, type RequestHandler, type Response } from 'express';

const MAX_BODY_BYTES = 256 * 1024;
const TIMEOUT_MS = 30_000;

const parseJson = express.json({ limit: MAX_BODY_BYTES, type: 'application/json' });

/**
 * Reads the body of a request as JSON. Throws `unsupported_media_type` for a body that does not call itself
 * `application/json`: a form of any other site could send it, which needs no leave for the types that forms have;
 * `too_large`, before any of it is read, for one that says so of itself (the parser would read it to its end). Throws
 * `request_timeout` for one that does not come in time: a sender of single bytes would keep a connection for ever.
 */
export async function readJson(request: Request, response: Response, timeoutMs = TIMEOUT_MS): Promise<void> {
  // null where there is no body, though not for one that is said to be empty
  const isEmpty = request.headers['content-length'] === '0';
  if (!isEmpty && request.is('application/json') === false) {
    throw new ReelmillError('unsupported_media_type', 'Send the body as Content-Type: application/json.');
  }
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) {
    throw new ReelmillError('too_large', 'The request body is too large.');
  }
  sendContinue(request, response);
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    // what still comes is not waited for
    response.setHeader('Connection', 'close');
    late.reject(new ReelmillError('request_timeout', 'The body of the request did not come in time.'));
  }, timeoutMs);
  try {
    await Promise.race([runMiddleware(parseJson, request, response), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Runs one middleware; rejects with the error that it passes on. */
export function runMiddleware(handler: RequestHandler, request: Request, response: Response): Promise<void> {
  return new Promise((resolve, reject) => {
    handler(request, response, (error?: unknown) => (error === undefined ? resolve() : reject(error)));
  });
}
