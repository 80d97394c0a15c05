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
import { endSession, refreshSession, startSession } from './sessions.ts';

const tag = 'Users';

/** Registration, login, logout, refresh and password changes. */
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
      response: { status: 201, description: 'The new account', schema: registerResponseSchema },
      limit: 'registration',
      errors: ['email_taken', 'registration_closed', 'password_too_weak'],
      async handle({ body }) {
        if (config.REGISTRATION === 'closed') {
          throw new ReelmillError(
            'registration_closed',
            'Registration is closed. Ask an administrator for an account.',
          );
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
        'Send `token` as `Authorization: Bearer`; `refresh_token` is valid for one refresh. A client that sends ' +
        '`device_token`, null at first, receives one to send with its next login: it can log in while others are ' +
        'guessing the password.',
      auth: 'none',
      body: loginRequestSchema,
      response: { status: 200, description: 'A session', schema: sessionSchema },
      limit: 'signIn',
      errors: ['wrong_credentials', 'account_disabled'],
      async handle({ body, ...requestContext }) {
        const actor = actorOf(requestContext);
        const { device_token, ...credentials } = body;
        const login = await checkCredentials(context, { ...credentials, deviceToken: device_token }, actor);
        const { user, deviceToken } = login;
        if (user.role === 'admin') {
          const target = { kind: 'user', id: user.id } as const;
          await recordAuditEvent(models, { ...actor, userId: user.id }, { action: 'admin.login', target });
        }
        return { ...(await startSession(context, user)), ...serializeDevice(deviceToken) };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/users/refresh',
      tag,
      summary: 'Continue a session',
      description:
        'Returns the next pair of tokens. Within a minute the same refresh token returns the same next one, so that several ' +
        'programs can refresh one session concurrently; a token that is reused later ends the whole session.',
      auth: 'none',
      body: refreshRequestSchema,
      response: { status: 200, description: 'The continued session', schema: sessionSchema },
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
      response: { status: 204, description: 'The session has ended' },
      handle: ({ body }) => endSession(context, body.refresh_token),
    }),
    defineRoute({
      method: 'post',
      path: '/me/password',
      tag,
      summary: 'Change your password',
      description: 'Ends every session of the account, including this one; returns a new session.',
      auth: 'user',
      body: passwordChangeSchema,
      response: { status: 200, description: 'A session with the new password', schema: sessionSchema },
      errors: ['wrong_credentials', 'password_too_weak', 'rate_limited'],
      async handle({ body, ...requestContext }) {
        const { current_password: current, new_password: next, device_token } = body;
        const actor = { ...actorOf(requestContext), userId: requestContext.identity.userId };
        const change = { current, next, deviceToken: device_token };
        const { user, deviceToken } = await changePassword(context, change, actor);
        return { ...(await startSession(context, user)), ...serializeDevice(deviceToken) };
      },
    }),
  ];
}

function serializeDevice(deviceToken: string | undefined): { device_token?: string } {
  return deviceToken === undefined ? {} : { device_token: deviceToken };
}
