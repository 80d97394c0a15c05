import type { Request, RequestHandler, Response } from 'express';

/** Runs one middleware; rejects with the error that it passes on. */
export function runMiddleware(handler: RequestHandler, request: Request, response: Response): Promise<void> {
  return new Promise((resolve, reject) => {
    handler(request, response, (error?: unknown) => (error === undefined ? resolve() : reject(error)));
  });
}
