import {
  adminUserCreateSchema,
  adminUserListSchema,
  adminUserPasswordSchema,
  adminUserQuerySchema,
  adminUserSchema,
  adminUserUpdateSchema,
  passwordResetSchema,
} from '@reelmill/shared/contracts/adminUsers.ts';
import { z } from 'zod';
import { actorOf } from '../audit/auditLog.ts';
import type { ServerContext } from '../context/serverContext.ts';
import { defineRoute, type Route } from '../http/route.ts';
import { createUser, listUsers, resetPassword, updateUser } from './userAdministration.ts';

const tag = 'Administration';
const params = z.object({ id: z.coerce.number().int().positive() });

export function createAdminUserRoutes(context: ServerContext): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/admin/users',
      tag,
      summary: 'All accounts',
      auth: 'admin',
      query: adminUserQuerySchema,
      answer: { status: 200, description: 'One page', schema: adminUserListSchema },
      handle: ({ query }) => listUsers(context, query),
    }),
    defineRoute({
      method: 'post',
      path: '/admin/users',
      tag,
      summary: 'Make an account',
      description:
        'Also where registration is closed. The owner of the account should choose another password: until then ' +
        '`password_temporary` says so.',
      auth: 'admin',
      body: adminUserCreateSchema,
      answer: {
        status: 201,
        description: 'The account, and its password where the request brought none',
        schema: adminUserPasswordSchema,
      },
      errors: ['email_taken', 'password_too_weak', 'rate_limited'],
      handle: ({ body, ...exchange }) => createUser(context, body, actorOf(exchange)),
    }),
    defineRoute({
      method: 'patch',
      path: '/admin/users/{id}',
      tag,
      summary: 'Change a role or a quota, disable or enable an account',
      description:
        'A disabled account can do nothing: its sessions end at once, also for good when it is enabled again, and its ' +
        'uploads cannot go on, though what was sent is kept until the upload expires. Its videos stay: what is ' +
        'transcoding is finished, and only admins see them until the account is enabled again. A lowered quota removes ' +
        'nothing, it only keeps the account from adding to what it has.',
      auth: 'admin',
      params,
      body: adminUserUpdateSchema,
      answer: { status: 200, description: 'The account as it is now', schema: adminUserSchema },
      errors: ['not_found', 'state_conflict'],
      handle: ({ params: { id }, body, ...exchange }) => updateUser(context, id, body, actorOf(exchange)),
    }),
    defineRoute({
      method: 'post',
      path: '/admin/users/{id}/password',
      tag,
      summary: 'Give an account another password',
      description: 'Ends its sessions. The owner should choose another one, as with a new account.',
      auth: 'admin',
      params,
      body: passwordResetSchema,
      answer: {
        status: 200,
        description: 'The account, and its password where the request brought none',
        schema: adminUserPasswordSchema,
      },
      errors: ['not_found', 'password_too_weak', 'rate_limited'],
      handle: ({ params: { id }, body, ...exchange }) =>
        resetPassword(context, id, body.password, actorOf(exchange)),
    }),
  ];
}
