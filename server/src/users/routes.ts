import { meSchema } from '@reelmill/shared/contracts/users.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { serializeUser } from '../auth/serializeUser.ts';
import type { ServerContext } from '../context/serverContext.ts';
import { defineRoute, type Route } from '../http/route.ts';
import { serializeQuotas } from './quotas.ts';

export function createUserRoutes(context: ServerContext): Route[] {
  const { models } = context.database;
  return [
    defineRoute({
      method: 'get',
      path: '/me',
      tag: 'Users',
      summary: 'The current user',
      auth: 'user',
      description: 'With the usage and limits of your quota: sources count, renditions do not.',
      response: { status: 200, description: 'The account of the token', schema: meSchema },
      async handle({ identity }) {
        const user = await models.User.findByPk(identity.userId);
        if (user === null)
          throw new ReelmillError('unauthorized', 'The account of this token no longer exists.');
        const [quota] = await serializeQuotas(context, [user]);
        return { ...serializeUser(user), quota };
      },
    }),
  ];
}
