import { randomUUID } from 'node:crypto';
import type { RequestHandler, Response } from 'express';
import type { ServerContext } from '../context/serverContext.ts';

/** Polled every few seconds by orchestrators. */
const PROBES: ReadonlySet<string> = new Set(['/healthz', '/readyz']);
const VALID_REQUEST_ID = /^[A-Za-z0-9._-]{1,100}$/;

/** What the middleware knows about a request in progress. */
interface RequestInfo {
  requestId: string;
  /** The route's pattern, so that logs and metrics do not grow with ids. */
  route: string;
  userId: number | null;
}

const infoByResponse = new WeakMap<Response, RequestInfo>();

/** Returns the info of a request; changes to it appear in its log line. */
export function requestInfo(response: Response): RequestInfo {
  const info = infoByResponse.get(response) ?? { requestId: randomUUID(), route: 'unknown', userId: null };
  infoByResponse.set(response, info);
  return info;
}

/** A dependency that is down or full has its own log line; the requests that fail meanwhile are no further errors. */
const TEMPORARY_STATUSES: ReadonlySet<number> = new Set([503, 507]);

/** Whether a status means that a dependency is unavailable or full, and not an error of the server. */
export function isTemporaryStatus(status: number): boolean {
  return TEMPORARY_STATUSES.has(status);
}

function levelOf(route: string, status: number): 'debug' | 'info' | 'error' {
  if (PROBES.has(route)) return 'debug';
  return status >= 500 && !isTemporaryStatus(status) ? 'error' : 'info';
}

/** Sets the id of every request (that of the client, if valid), and logs and measures its response. Never logs queries. */
export function requestLog({ logger, metrics }: Pick<ServerContext, 'logger' | 'metrics'>): RequestHandler {
  // none of these fields can hold a secret, and redaction costs more than the rest of the line
  const log = logger.child({}, { redact: [] });
  return (request, response, next) => {
    const clientId = request.get('x-request-id');
    const info = requestInfo(response);
    if (clientId !== undefined && VALID_REQUEST_ID.test(clientId)) info.requestId = clientId;
    response.setHeader('X-Request-Id', info.requestId);
    const startedAt = performance.now();
    response.once('close', () => {
      const seconds = (performance.now() - startedAt) / 1000;
      const status = response.statusCode;
      metrics.requestServed({ method: request.method, route: info.route, status, seconds });
      const level = levelOf(info.route, status);
      log[level](
        {
          request_id: info.requestId,
          method: request.method,
          path: request.originalUrl.split('?')[0],
          route: info.route,
          status,
          completed: response.writableFinished,
          duration_ms: Math.round(seconds * 1000),
          user_id: info.userId,
        },
        'request',
      );
    });
    next();
  };
}
