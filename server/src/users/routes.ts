import {
  loginRequestSchema,
  refreshRequestSchema,
  registerRequestSchema,
  registerResponseSchema,
  sessionSchema,
  userSchema,
} from '@reelmill/shared/contracts/users.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { beginSession, endSession, refreshSession } from '../auth/sessions.ts';
import type { ServerContext } from '../http/context.ts';
import { defineRoute, type Route } from '../http/route.ts';
import { checkCredentials, createAccount } from './accounts.ts';
import { serializeUser } from './serializeUser.ts';

const tag = 'Users';

export function createUserRoutes(context: ServerContext): Route[] {
  const { config, database } = context;
  const { models } = database;
  return [
    defineRoute({
      method: 'post',
      path: '/users/register',
      tag,
      summary: 'Register',
      auth: 'none',
      body: registerRequestSchema,
      answer: { status: 201, description: 'The new account', schema: registerResponseSchema },
      errors: ['email_taken', 'registration_closed', 'rate_limited'],
      async handle({ body }) {
        if (config.REGISTRATION === 'closed') {
          throw new ReelmillError('registration_closed', 'Registration is closed; ask an administrator.');
        }
        return { user: serializeUser(await createAccount(models, { ...body, role: 'creator' })) };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/users/login',
      tag,
      summary: 'Log in',
      description: '`token` goes into `Authorization: Bearer`; `refresh_token` is good for one refresh.',
      auth: 'none',
      body: loginRequestSchema,
      answer: { status: 200, description: 'A session', schema: sessionSchema },
      errors: ['wrong_credentials', 'account_disabled', 'rate_limited'],
      async handle({ body, request }) {
        return beginSession(context, await checkCredentials(models, { ...body, ip: request.ip }));
      },
    }),
    defineRoute({
      method: 'post',
      path: '/users/refresh',
      tag,
      summary: 'Continue a session',
      description:
        'Answers the next pair of tokens. A refresh token that comes twice ends the whole session.',
      auth: 'none',
      body: refreshRequestSchema,
      answer: { status: 200, description: 'The session that follows', schema: sessionSchema },
      errors: ['refresh_token_invalid', 'refresh_token_reused', 'account_disabled'],
      handle: ({ body }) => refreshSession(context, body.refresh_token),
    }),
    defineRoute({
      method: 'post',
      path: '/users/logout',
      tag,
      summary: 'End a session',
      auth: 'none',
      body: refreshRequestSchema,
      answer: { status: 204, description: 'The session is over' },
      handle: ({ body }) => endSession(context, body.refresh_token),
    }),
    defineRoute({
      method: 'get',
      path: '/me',
      tag,
      summary: 'Who am I',
      auth: 'user',
      answer: { status: 200, description: 'The account of the token', schema: userSchema },
      async handle({ identity }) {
        const user = await models.User.findByPk(identity.userId);
        if (user === null) throw new ReelmillError('unauthorized', 'The account of this token is gone.');
        return serializeUser(user);
      },
    }),
  ];
}
