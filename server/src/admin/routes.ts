import type { ServerContext } from '../http/context.ts';
import type { Route } from '../http/route.ts';
import { createAuditRoutes } from './auditRoutes.ts';
import { createAdminFarmRoutes } from './farmRoutes.ts';
import { createAdminUserRoutes } from './userRoutes.ts';
import { createAdminVideoRoutes } from './videoRoutes.ts';

/** What an administrator does. Everything that changes something leaves an entry in the audit log. */
export function createAdminRoutes(context: ServerContext): Route[] {
  return [
    ...createAdminFarmRoutes(context),
    ...createAdminVideoRoutes(context),
    ...createAdminUserRoutes(context),
    ...createAuditRoutes(context),
  ];
}
