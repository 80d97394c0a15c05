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
      response: { status: 200, description: 'One page', schema: adminUserListSchema },
      handle: ({ query }) => listUsers(context, query),
    }),
    defineRoute({
      method: 'post',
      path: '/admin/users',
      tag,
      summary: 'Create an account',
      description:
        'Also where registration is closed. `password_temporary` is true until the owner of the account has chosen ' +
        'another password.',
      auth: 'admin',
      body: adminUserCreateSchema,
      response: {
        status: 201,
        description: 'The account, and its generated password where the request has none',
        schema: adminUserPasswordSchema,
      },
      errors: ['email_taken', 'password_too_weak', 'rate_limited'],
      handle: ({ body, ...requestContext }) => createUser(context, body, actorOf(requestContext)),
    }),
    defineRoute({
      method: 'patch',
      path: '/admin/users/{id}',
      tag,
      summary: 'Change a role or a quota, disable or enable an account',
      description:
        'A disabled account cannot be used: its sessions end at once, even if it is enabled again, and its uploads ' +
        'stop, but their parts are kept until the uploads expire. Its videos stay: transcodes are finished, and only ' +
        'admins see the videos until the account is enabled again. A lowered quota removes nothing; it only prevents ' +
        'further uploads.',
      auth: 'admin',
      params,
      body: adminUserUpdateSchema,
      response: { status: 200, description: 'The account as it is now', schema: adminUserSchema },
      errors: ['not_found', 'state_conflict'],
      handle: ({ params: { id }, body, ...requestContext }) =>
        updateUser(context, id, body, actorOf(requestContext)),
    }),
    defineRoute({
      method: 'post',
      path: '/admin/users/{id}/password',
      tag,
      summary: 'Reset a password',
      description:
        'Ends the sessions of the account. Its owner should choose another password, as for a new account.',
      auth: 'admin',
      params,
      body: passwordResetSchema,
      response: {
        status: 200,
        description: 'The account, and its generated password where the request has none',
        schema: adminUserPasswordSchema,
      },
      errors: ['not_found', 'password_too_weak', 'rate_limited'],
      handle: ({ params: { id }, body, ...requestContext }) =>
        resetPassword(context, id, body.password, actorOf(requestContext)),
    }),
  ];
}
