import {
  adminUserListSchema,
  adminUserSchema,
  adminUserUpdateSchema,
  deadLetterListSchema,
  farmSchema,
  pageQuerySchema,
  replayRequestSchema,
  replayResponseSchema,
} from '@reelmill/shared/contracts/admin.ts';
import { z } from 'zod';
import type { ServerContext } from '../http/context.ts';
import { defineRoute, type Route } from '../http/route.ts';
import { describeFarm } from './farm.ts';
import { listUsers, updateUser } from './userAdministration.ts';

const tag = 'Administration';
const userParams = z.object({ id: z.coerce.number().int().positive() });

export function createAdminRoutes(context: ServerContext): Route[] {
  const { database, queue } = context;
  return [
    defineRoute({
      method: 'get',
      path: '/admin/farm',
      tag,
      summary: 'Queue, workers and tasks',
      description:
        'With the time until all planned work is done, and how many workers would do it in ten minutes.',
      auth: 'admin',
      answer: { status: 200, description: 'The farm', schema: farmSchema },
      handle: () => describeFarm(context),
    }),
    defineRoute({
      method: 'get',
      path: '/admin/users',
      tag,
      summary: 'All accounts',
      auth: 'admin',
      query: pageQuerySchema,
      answer: { status: 200, description: 'One page', schema: adminUserListSchema },
      handle: ({ query }) => listUsers(database.models, query),
    }),
    defineRoute({
      method: 'patch',
      path: '/admin/users/{id}',
      tag,
      summary: 'Change a role, disable or enable an account',
      auth: 'admin',
      params: userParams,
      body: adminUserUpdateSchema,
      answer: { status: 200, description: 'The account as it is now', schema: adminUserSchema },
      errors: ['not_found', 'state_conflict'],
      handle: ({ params, body, identity }) => updateUser(database, params.id, body, identity.userId),
    }),
    defineRoute({
      method: 'get',
      path: '/admin/dead-letters',
      tag,
      summary: 'Messages that nobody could handle',
      auth: 'admin',
      query: pageQuerySchema.pick({ limit: true }),
      answer: { status: 200, description: 'The oldest ones', schema: deadLetterListSchema },
      handle: async ({ query }) => ({ dead_letters: await queue.peekDeadLetters(query.limit) }),
    }),
    defineRoute({
      method: 'post',
      path: '/admin/dead-letters/replay',
      tag,
      summary: 'Put dead letters back where they came from',
      auth: 'admin',
      body: replayRequestSchema,
      answer: { status: 200, description: 'How many', schema: replayResponseSchema },
      handle: async ({ body }) => ({ replayed: await queue.replayDeadLetters(body.limit) }),
    }),
  ];
}
