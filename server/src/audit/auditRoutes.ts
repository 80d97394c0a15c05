import { auditListSchema, auditQuerySchema } from '@reelmill/shared/contracts/audit.ts';
import type { ServerContext } from '../context/serverContext.ts';
import { defineRoute, type Route } from '../http/route.ts';
import { listAudit } from './auditLog.ts';

export function createAuditRoutes({ database }: ServerContext): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/admin/audit',
      tag: 'Administration',
      summary: 'Audit log',
      description:
        'Newest first: changes by admins to accounts, workers and videos of others, their logins and failed logins, and ' +
        'commands on the server. Entries are never changed or removed.',
      auth: 'admin',
      query: auditQuerySchema,
      response: { status: 200, description: 'One page', schema: auditListSchema },
      handle: ({ query }) => listAudit(database.models, query),
    }),
  ];
}
