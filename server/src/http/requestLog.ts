import { randomUUID } from 'node:crypto';
import type { RequestHandler, Response } from 'express';
import type { ServerContext } from '../context/serverContext.ts';

/** Asked every few seconds by whoever watches the process. */
const PROBES: ReadonlySet<string> = new Set(['/healthz', '/readyz']);
const SANE_REQUEST_ID = /^[A-Za-z0-9._-]{1,100}$/;

/** What the middlewares know about a request that is being answered. */
interface RequestNotes {
  requestId: string;
  /** The route's pattern, so that logs and metrics do not grow with ids. */
  route: string;
  userId: number | null;
}

const notesByResponse = new WeakMap<Response, RequestNotes>();

/** The notes of a request that `requestLog` has seen. */
export function requestInfo(response: Response): RequestNotes {
  const notes = notesByResponse.get(response) ?? { requestId: randomUUID(), route: 'unknown', userId: null };
  notesByResponse.set(response, notes);
  return notes;
}

/** What is down or full has a line of its own; however many ask meanwhile, none of them is another fault. */
const NOT_NOW: ReadonlySet<number> = new Set([503, 507]);

/** Whether a status says that something is away or full, and not that something is wrong with the server. */
export function isNotNow(status: number): boolean {
  return NOT_NOW.has(status);
}

function levelOf(route: string, status: number): 'debug' | 'info' | 'error' {
  if (PROBES.has(route)) return 'debug';
  return status >= 500 && !isNotNow(status) ? 'error' : 'info';
}

/** Gives every request an id (its own, if sane), and logs and measures its answer. Queries are never logged. */
export function requestLog({ logger, metrics }: Pick<ServerContext, 'logger' | 'metrics'>): RequestHandler {
  // none of these fields can hold a secret, and to look for some costs more than the rest of the line
  const log = logger.child({}, { redact: [] });
  return (request, response, next) => {
    const given = request.get('x-request-id');
    const notes = requestInfo(response);
    if (given !== undefined && SANE_REQUEST_ID.test(given)) notes.requestId = given;
    response.setHeader('X-Request-Id', notes.requestId);
    const startedAt = performance.now();
    response.once('close', () => {
      const seconds = (performance.now() - startedAt) / 1000;
      const status = response.statusCode;
      metrics.requestAnswered({ method: request.method, route: notes.route, status, seconds });
      const level = levelOf(notes.route, status);
      log[level](
        {
          request_id: notes.requestId,
          method: request.method,
          path: request.originalUrl.split('?')[0],
          route: notes.route,
          status,
          completed: response.writableFinished,
          duration_ms: Math.round(seconds * 1000),
          user_id: notes.userId,
        },
        'request',
      );
    });
    next();
  };
}
