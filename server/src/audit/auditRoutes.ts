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
      summary: 'Who did what',
      description:
        'The newest entries first: what admins did, to accounts, workers and videos of others, their logins and failed ' +
        'ones, and what was done from the command line of the server. Entries are never changed or removed.',
      auth: 'admin',
      query: auditQuerySchema,
      answer: { status: 200, description: 'One page', schema: auditListSchema },
      handle: ({ query }) => listAudit(database.models, query),
    }),
  ];
}
