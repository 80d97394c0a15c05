import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import express, { type Request, type Response } from 'express';
import { runMiddleware } from './middleware.ts';

const MAX_BODY_BYTES = 256 * 1024;
const TIMEOUT_MS = 30_000;

// any content type: `curl -d` says x-www-form-urlencoded about JSON
const parseJson = express.json({ limit: MAX_BODY_BYTES, type: () => true });

/**
 * Reads the body of a request as JSON. Throws `request_timeout` for one that does not come in time: a sender of single
 * bytes would keep a connection for ever.
 */
export async function readJson(request: Request, response: Response, timeoutMs = TIMEOUT_MS): Promise<void> {
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
