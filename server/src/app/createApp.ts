import { reasonOf } from '@reelmill/shared/runtime/dependencies.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { ErrorRequestHandler, Express } from 'express';
import { createAuthenticate } from '../auth/authenticate.ts';
import type { ServerContext } from '../context/serverContext.ts';
import { createBareApp, respondWithError } from '../http/bareApp.ts';
import { toErrorResponse } from '../http/errorResponse.ts';
import { rejectOtherMethods } from '../http/methods.ts';
import { buildOpenApi } from '../http/openapi.ts';
import { createRateLimits } from '../http/rateLimits.ts';
import { limitBodyTime } from '../http/requestBodies.ts';
import { isTemporaryStatus, requestInfo } from '../http/requestLog.ts';
import { createRouter } from '../http/router.ts';
import type { VideoFeed } from '../videos/feed.ts';
import { OPENAPI_PATH } from './docs.ts';
import { listPages, listRoutes } from './routes.ts';

/** Returns the Express app of a server. */
export function createApp(context: ServerContext, feed: VideoFeed): Express {
  const routes = listRoutes(context, feed);
  const document = buildOpenApi(routes, { version: context.version, url: context.publicUrl });
  const app = createBareApp(context);
  for (const { path, handler } of context.storeHandlers) {
    app.use(path, (request, response, next) => {
      requestInfo(response).route = path;
      return handler(request, response, next);
    });
  }
  app.use(limitBodyTime());
  const limits = createRateLimits(context.config, context.stopping);
  app.use(createRouter(routes, { authenticate: createAuthenticate(context), limits }));
  // pages and unknown paths have no authenticated user, so they are counted by address
  app.use(limits.api);
  app.get(OPENAPI_PATH, (_request, response) => {
    requestInfo(response).route = OPENAPI_PATH;
    response.json(document);
  });
  app.all(OPENAPI_PATH, rejectOtherMethods(['GET']));
  for (const page of listPages(context)) app.use(page);
  app.use(() => {
    throw new ReelmillError('not_found', 'There is nothing at this address.');
  });
  app.use(handleErrors(context));
  return app;
}

function handleErrors({ logger }: ServerContext): ErrorRequestHandler {
  return (error, _request, response, _next) => {
    const { requestId, route } = requestInfo(response);
    const errorResponse = toErrorResponse(error, requestId);
    const fields = { request_id: requestId, route };
    if (isTemporaryStatus(errorResponse.status))
      logger.info({ reason: reasonOf(error), ...fields }, 'request temporarily rejected');
    else if (errorResponse.status >= 500) logger.error({ err: error, ...fields }, 'request failed');
    if (response.headersSent) {
      // closes the connection, so that the client does not take an incomplete response for a complete one
      response.destroy();
      return;
    }
    respondWithError(response, errorResponse);
  };
}
