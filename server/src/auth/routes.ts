import {
  loginRequestSchema,
  passwordChangeSchema,
  refreshRequestSchema,
  registerRequestSchema,
  registerResponseSchema,
  sessionSchema,
} from '@reelmill/shared/contracts/users.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { actorOf, recordAuditEvent } from '../audit/auditLog.ts';
import type { ServerContext } from '../context/serverContext.ts';
import { defineRoute, type Route } from '../http/route.ts';
import { changePassword, checkCredentials, createAccount } from './accounts.ts';
import { serializeUser } from './serializeUser.ts';
import { beginSession, endSession, refreshSession } from './sessions.ts';

const tag = 'Users';

/** How accounts and sessions begin and end. */
export function createAuthRoutes(context: ServerContext): Route[] {
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
      limit: 'registration',
      errors: ['email_taken', 'registration_closed', 'password_too_weak'],
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
      description:
        '`token` goes into `Authorization: Bearer`; `refresh_token` is good for one refresh. A client that sends ' +
        '`device_token`, null at first, is given one to send along the next time: its logins go on while others are ' +
        'guessing at the password.',
      auth: 'none',
      body: loginRequestSchema,
      answer: { status: 200, description: 'A session', schema: sessionSchema },
      limit: 'signIn',
      errors: ['wrong_credentials', 'account_disabled'],
      async handle({ body, ...exchange }) {
        const actor = actorOf(exchange);
        const { device_token: given, ...credentials } = body;
        const login = await checkCredentials(context, { ...credentials, deviceToken: given }, actor);
        const { user, deviceToken } = login;
        if (user.role === 'admin') {
          const target = { kind: 'user', id: user.id } as const;
          await recordAuditEvent(models, { ...actor, userId: user.id }, { action: 'admin.login', target });
        }
        return { ...(await beginSession(context, user)), ...describeDevice(deviceToken) };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/users/refresh',
      tag,
      summary: 'Continue a session',
      description:
        'Returns the next pair of tokens. Within a minute the same refresh token leads to the same next one, so that several ' +
        'programs may refresh one session at once; one that comes again later ends the whole session.',
      auth: 'none',
      body: refreshRequestSchema,
      answer: { status: 200, description: 'The session that follows', schema: sessionSchema },
      limit: 'signIn',
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
      method: 'post',
      path: '/me/password',
      tag,
      summary: 'Change one’s password',
      description: 'Ends every session of the account, also this one; the answer is a new one.',
      auth: 'user',
      body: passwordChangeSchema,
      answer: { status: 200, description: 'A session with the new password', schema: sessionSchema },
      errors: ['wrong_credentials', 'password_too_weak', 'rate_limited'],
      async handle({ body, ...exchange }) {
        const { current_password: current, new_password: next, device_token: given } = body;
        const actor = { ...actorOf(exchange), userId: exchange.identity.userId };
        const change = { current, next, deviceToken: given };
        const { user, deviceToken } = await changePassword(context, change, actor);
        return { ...(await beginSession(context, user)), ...describeDevice(deviceToken) };
      },
    }),
  ];
}

function describeDevice(deviceToken: string | undefined): { device_token?: string } {
  return deviceToken === undefined ? {} : { device_token: deviceToken };
}
