import type { Router } from 'express';
import { createHealthRoutes } from '../admin/healthRoutes.ts';
import type { Metrics } from '../admin/metrics.ts';
import { createUserRoutes } from '../users/routes.ts';
import type { ServerContext } from './context.ts';
import type { Route } from './route.ts';

/** Every route of the API, in the order of the document. */
export function listRoutes(context: ServerContext, _metrics: Metrics): Route[] {
  return [...createUserRoutes(context), ...createHealthRoutes(context)];
}

/** What people open in a browser. */
export function listPages(_context: ServerContext): Router[] {
  return [];
}
