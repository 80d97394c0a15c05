import { tracing } from '@reelmill/shared/runtime/tracing.ts';
import { type Request, type Response, Router } from 'express';
import { refuseOtherMethods } from './methods.ts';
import type { RateLimits } from './rateLimits.ts';
import { readJson, runMiddleware } from './readJson.ts';
import { requestInfo } from './requestLog.ts';
import type { Identity, Route, RouteAuth } from './route.ts';

/** Tells who asks; throws `unauthorized`, `token_expired`, `account_disabled` or `forbidden`. */
export type Authenticate = (request: Request, auth: RouteAuth) => Promise<Identity | null>;

export const API_BASE = '/api/v1';
/** One for all: every request ends, and a reason of its own would take its stack each time. */
const REQUEST_OVER = new DOMException('The request is over.', 'AbortError');

/** The address of a route as clients write it, with OpenAPI's parameters. */
export function fullPath(route: Pick<Route, 'path' | 'root'>): string {
  return route.root ? route.path : `${API_BASE}${route.path}`;
}

/** A router that lets in, validates and answers exactly as the routes are declared. */
export function createRouter(
  routes: readonly Route[],
  guards: { authenticate: Authenticate; limits: RateLimits },
): Router {
  const router = Router();
  for (const route of routes) {
    router[route.method](patternOf(route), async (request, response) => {
      await traceRequest(route, request, response, () => serve(route, guards, request, response));
    });
  }
  const methods = Map.groupBy(routes, patternOf);
  for (const [pattern, ofPattern] of methods) {
    router.all(pattern, guards.limits.api, refuseOtherMethods(ofPattern.map(({ method }) => method)));
  }
  return router;
}

/** The address of a route as Express knows it. */
function patternOf(route: Route): string {
  return fullPath(route).replace(/\{(\w+)\}/g, ':$1');
}

/** Probes and scrapes are left out: they come every few seconds and lead to nothing. */
function traceRequest(
  route: Route,
  request: Request,
  response: Response,
  work: () => Promise<void>,
): Promise<void> {
  if (route.root) return work();
  const method = route.method.toUpperCase();
  const attributes = {
    'http.request.method': method,
    'http.route': fullPath(route),
    request_id: requestInfo(response).requestId,
  };
  const span = { kind: 'server', parent: request.get('traceparent'), attributes } as const;
  return tracing.span(`${method} ${fullPath(route)}`, span, work);
}

async function serve(
  route: Route,
  guards: { authenticate: Authenticate; limits: RateLimits },
  request: Request,
  response: Response,
): Promise<void> {
  const notes = requestInfo(response);
  notes.route = fullPath(route);
  const identity = await identify(route, guards, request, response);
  response.setHeader('Cache-Control', 'private, no-cache');
  if (route.body !== undefined) await readJson(request, response);
  const gone = new AbortController();
  response.once('close', () => gone.abort(REQUEST_OVER));
  const { requestId } = notes;
  const body = await route.invoke({ request, response, identity, requestId, signal: gone.signal });
  if (response.headersSent) return;
  if ('schema' in route.answer) response.status(statusFor(route, response)).json(body);
  else if (!('contentType' in route.answer)) response.status(route.answer.status).end();
}

/** Tells who asks, and counts the call: against the user, or against the address where there is none. */
async function identify(
  { auth, root, limit }: Route,
  { authenticate, limits }: { authenticate: Authenticate; limits: RateLimits },
  request: Request,
  response: Response,
): Promise<Identity | null> {
  try {
    const identity = await authenticate(request, auth);
    requestInfo(response).userId = identity?.userId ?? null;
    return identity;
  } finally {
    // whoever is refused was counted, too; probes and scrapers are not
    if (!root) await runMiddleware(limits.api, request, response);
    if (limit !== undefined) await runMiddleware(limits[limit], request, response);
  }
}

/** A handler may have chosen one of the declared alternatives already. */
function statusFor(route: Route, response: Response): number {
  return response.statusCode === 200 ? route.answer.status : response.statusCode;
}
