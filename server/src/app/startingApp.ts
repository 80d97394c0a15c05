import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { ErrorRequestHandler, Express } from 'express';
import type { ServerContext } from '../context/serverContext.ts';
import { createBareApp, respondWithError } from '../http/bareApp.ts';
import { toErrorResponse } from '../http/errorResponse.ts';
import { hasMetricsToken } from '../http/metricsToken.ts';
import { requestInfo } from '../http/requestLog.ts';

const RETRY_AFTER_SECONDS = 5;

/**
 * Returns the app of a server that waits for the dependencies in `missing`: `/healthz` is ok, `/readyz` is not, and all other
 * requests get 503 `unavailable`.
 */
export function createStartingApp(
  context: Pick<ServerContext, 'config' | 'logger' | 'metrics' | 'publicUrl' | 'version'>,
  missing: ReadonlySet<string>,
): Express {
  const app = createBareApp(context);
  app.get('/healthz', (_request, response) => {
    requestInfo(response).route = '/healthz';
    response.json({ status: 'ok', version: context.version });
  });
  app.get('/readyz', (request, response) => {
    requestInfo(response).route = '/readyz';
    const checks = [...missing].map((name) => [name, { ok: false, message: 'not reached yet' }]);
    response
      .status(503)
      .setHeader('Retry-After', RETRY_AFTER_SECONDS)
      .json({
        status: 'unavailable',
        ...(hasMetricsToken(request, context.config.METRICS_TOKEN)
          ? { checks: Object.fromEntries(checks) }
          : {}),
      });
  });
  app.use(() => {
    throw new ReelmillError('unavailable', 'The server is starting and waits for its dependencies.', {
      retryAfterSeconds: RETRY_AFTER_SECONDS,
    });
  });
  const handleErrors: ErrorRequestHandler = (error, _request, response, _next) => {
    // the body of the request is not read, so no other request can follow it
    response.setHeader('Connection', 'close');
    respondWithError(response, toErrorResponse(error, requestInfo(response).requestId));
  };
  app.use(handleErrors);
  return app;
}
