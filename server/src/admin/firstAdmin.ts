import { emailSchema, registerRequestSchema } from '@reelmill/shared/contracts/users.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { hashPassword } from '../auth/passwords.ts';
import { endSessionsOf } from '../auth/sessions.ts';
import type { Models } from '../db/models.ts';
import type { ServerContext } from '../http/context.ts';
import { createAccount } from '../users/accounts.ts';

/** Makes the admin whom the configuration names, where there is no admin yet. */
export async function createFirstAdmin({ config, database, logger }: ServerContext): Promise<void> {
  const { ADMIN_EMAIL: email, ADMIN_PASSWORD: password } = config;
  if (email === undefined || password === undefined) return;
  if ((await database.models.User.count({ where: { role: 'admin' } })) > 0) return;
  try {
    const userId = await makeAdmin(database.models, { email, password });
    logger.info({ user_id: userId }, 'first admin made');
  } catch (error) {
    // another replica, starting at the same time, was faster
    if (!(error instanceof ReelmillError && error.code === 'email_taken')) throw error;
  }
}

/**
 * Makes an admin and answers its id. An account that has this e-mail already becomes one, with this password, and
 * whoever had registered it is logged out. Throws a ZodError for an address or password that is none.
 */
export async function makeAdmin(models: Models, admin: { email: string; password: string }): Promise<number> {
  const email = emailSchema.parse(admin.email);
  const password = registerRequestSchema.shape.password.parse(admin.password);
  const known = await models.User.findOne({ where: { email } });
  if (known === null) {
    return (await createAccount(models, { email, password, nickname: 'Admin', role: 'admin' })).id;
  }
  await known.update({ role: 'admin', passwordHash: await hashPassword(password), disabledAt: null });
  await endSessionsOf(models, known.id);
  return known.id;
}
