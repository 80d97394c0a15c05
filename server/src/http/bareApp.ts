import express, { type Express, type Response } from 'express';
import type { ServerContext } from '../context/serverContext.ts';
import { stripBasePath } from './basePath.ts';
import type { ErrorAnswer } from './errorAnswer.ts';
import { checkHost } from './hostGuard.ts';
import { requestLog } from './requestLog.ts';
import { allowOrigins, securityHeaders } from './security.ts';

/** An app without routes: what every request goes through, whatever it asks for. */
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

/** Responds with an error, in the shape that every error has. */
export function respondWithError(response: Response, answer: ErrorAnswer): void {
  if (answer.retryAfterSeconds !== undefined) {
    response.setHeader('Retry-After', Math.ceil(answer.retryAfterSeconds));
  }
  if (answer.status === 401) response.setHeader('WWW-Authenticate', 'Bearer');
  response.removeHeader('Content-Type');
  response.status(answer.status).json(answer.body);
}
