import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { sendContinue } from '@reelmill/shared/runtime/expectContinue.ts';
import express, { type Request, type RequestHandler, type Response } from 'express';

const MAX_BODY_BYTES = 256 * 1024;
const TIMEOUT_MS = 30_000;

const parseJson = express.json({ limit: MAX_BODY_BYTES, type: 'application/json' });

/**
 * Reads the body of a request as JSON. Throws `unsupported_media_type` for a body that is not `application/json`, since a
 * form of any other site could send it without a CORS preflight; `too_large`, before reading, by its `Content-Length` (the
 * parser would read it to its end); `request_timeout` for one that does not arrive in time, since a client that sends
 * single bytes would keep the connection open.
 */
export async function readJson(request: Request, response: Response, timeoutMs = TIMEOUT_MS): Promise<void> {
  // `is` returns null without a body, but false for a body of length 0
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
    // does not wait for the rest
    response.setHeader('Connection', 'close');
    late.reject(new ReelmillError('request_timeout', 'The body of the request did not arrive in time.'));
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
