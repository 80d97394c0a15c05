import { tracing } from '@reelmill/shared/runtime/tracing.ts';
import { type Request, type Response, Router } from 'express';
import { rejectOtherMethods } from './methods.ts';
import type { RateLimits } from './rateLimits.ts';
import { readJson, runMiddleware } from './readJson.ts';
import { requestInfo } from './requestLog.ts';
import type { Identity, Route, RouteAuth } from './route.ts';

/** Returns the user of a request; throws `unauthorized`, `token_expired`, `account_disabled` or `forbidden`. */
export type Authenticate = (request: Request, auth: RouteAuth) => Promise<Identity | null>;

export const API_BASE = '/api/v1';
/** One for all requests: a new error would capture a stack each time. */
const REQUEST_ENDED = new DOMException('The request has ended.', 'AbortError');

/** Returns the path of a route as clients see it, with OpenAPI parameters. */
export function fullPath(route: Pick<Route, 'path' | 'root'>): string {
  return route.root ? route.path : `${API_BASE}${route.path}`;
}

/** Returns a router that authenticates, validates and responds as the routes declare. */
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
    router.all(pattern, guards.limits.api, rejectOtherMethods(ofPattern.map(({ method }) => method)));
  }
  return router;
}

/** Returns the path of a route with Express parameters. */
function patternOf(route: Route): string {
  return fullPath(route).replace(/\{(\w+)\}/g, ':$1');
}

/** Excludes probes and scrapes, which repeat every few seconds. */
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
  const info = requestInfo(response);
  info.route = fullPath(route);
  const identity = await identify(route, guards, request, response);
  response.setHeader('Cache-Control', 'private, no-cache');
  if (route.body !== undefined) await readJson(request, response);
  const disconnected = new AbortController();
  response.once('close', () => disconnected.abort(REQUEST_ENDED));
  const { requestId } = info;
  const body = await route.invoke({ request, response, identity, requestId, signal: disconnected.signal });
  if (response.headersSent) return;
  if ('schema' in route.response) response.status(statusFor(route, response)).json(body);
  else if (!('contentType' in route.response)) response.status(route.response.status).end();
}

/** Returns the user, and counts the call against the user, or against the address where there is none. */
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
    // also counts rejected requests, but no probes and scrapes
    if (!root) await runMiddleware(limits.api, request, response);
    if (limit !== undefined) await runMiddleware(limits[limit], request, response);
  }
}

/** The handler may have set the status of one of the declared alternatives. */
function statusFor(route: Route, response: Response): number {
  return response.statusCode === 200 ? route.response.status : response.statusCode;
}
