import { meSchema } from '@reelmill/shared/contracts/users.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { serializeUser } from '../auth/serializeUser.ts';
import type { ServerContext } from '../context/serverContext.ts';
import { defineRoute, type Route } from '../http/route.ts';
import { describeQuotas } from './quotas.ts';

export function createUserRoutes(context: ServerContext): Route[] {
  const { models } = context.database;
  return [
    defineRoute({
      method: 'get',
      path: '/me',
      tag: 'Users',
      summary: 'Who am I',
      auth: 'user',
      description:
        'With what is kept of the sources of one’s videos, and how much may be. Renditions count nothing.',
      answer: { status: 200, description: 'The account of the token', schema: meSchema },
      async handle({ identity }) {
        const user = await models.User.findByPk(identity.userId);
        if (user === null) throw new ReelmillError('unauthorized', 'The account of this token is gone.');
        const [quota] = await describeQuotas(context, [user]);
        return { ...serializeUser(user), quota };
      },
    }),
  ];
}
