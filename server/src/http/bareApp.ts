import express, { type Express, type Response } from 'express';
import type { ServerContext } from '../context/serverContext.ts';
import { stripBasePath } from './basePath.ts';
import type { HttpErrorResponse } from './errorResponse.ts';
import { checkHost } from './hostGuard.ts';
import { requestLog } from './requestLog.ts';
import { allowOrigins, securityHeaders } from './security.ts';

/** Returns an app without routes: the middleware of every request. */
export function createBareApp({
  config,
  logger,
  metrics,
  publicUrl,
}: Pick<ServerContext, 'config' | 'logger' | 'metrics' | 'publicUrl'>): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('trust proxy', config.TRUST_PROXY);
  app.use(requestLog({ logger, metrics }));
  app.use(stripBasePath(publicUrl));
  app.use(checkHost(config, publicUrl));
  app.use(securityHeaders(config.CORS_ORIGINS));
  if (config.CORS_ORIGINS.length > 0) app.use(allowOrigins(config.CORS_ORIGINS));
  return app;
}

/** Sends an error response. */
export function respondWithError(response: Response, error: HttpErrorResponse): void {
  if (error.retryAfterSeconds !== undefined) {
    response.setHeader('Retry-After', Math.ceil(error.retryAfterSeconds));
  }
  if (error.status === 401) response.setHeader('WWW-Authenticate', 'Bearer');
  response.removeHeader('Content-Type');
  response.status(error.status).json(error.body);
}
