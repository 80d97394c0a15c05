import { emailSchema, newPasswordSchema } from '@reelmill/shared/contracts/users.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { recordAuditEvent, SYSTEM_ACTOR } from '../audit/auditLog.ts';
import type { ServerContext } from '../context/serverContext.ts';
import type { Database } from '../db/database.ts';
import { insertAccount } from './accounts.ts';
import { removeKnownDevices } from './knownDevices.ts';
import { assertStrongPassword } from './passwordPolicy.ts';
import { hashPassword } from './passwords.ts';
import { endSessionsOf } from './sessions.ts';

const NICKNAME = 'Admin';

/** Creates the admin of the configuration where there is no admin yet. */
export async function createFirstAdmin({ config, database, logger }: ServerContext): Promise<void> {
  const { ADMIN_EMAIL: email, ADMIN_PASSWORD: password } = config;
  if (email === undefined || password === undefined) return;
  if ((await database.models.User.count({ where: { role: 'admin' } })) > 0) return;
  try {
    const userId = await makeAdmin(database, { email, password }, 'configuration');
    logger.info({ user_id: userId }, 'first admin created');
  } catch (error) {
    // another replica created it at the same time
    if (!(error instanceof ReelmillError && error.code === 'email_taken')) throw error;
  }
}

/**
 * Creates an admin and returns its id. An existing account with this e-mail address becomes one, gets this password and
 * loses its sessions. `via` is the origin for the audit log. Throws a ZodError for an invalid address or password, and
 * `password_too_weak`.
 */
export async function makeAdmin(
  { models, transaction }: Database,
  admin: { email: string; password: string },
  via: 'configuration' | 'command',
): Promise<number> {
  const email = emailSchema.parse(admin.email);
  const password = newPasswordSchema.parse(admin.password);
  await assertStrongPassword(password, { email, nickname: NICKNAME });
  const passwordHash = await hashPassword(password);
  return transaction(async (within) => {
    const lock = within.LOCK.UPDATE;
    const known = await models.User.findOne({ where: { email }, transaction: within, lock });
    const columns = { email, nickname: NICKNAME, role: 'admin', passwordHash } as const;
    const user = known ?? (await insertAccount(models, columns, within));
    if (known !== null) {
      const change = { role: 'admin', passwordHash, passwordTemporary: false, disabledAt: null } as const;
      await known.update(change, { transaction: within });
      await endSessionsOf(models, known.id, within);
      await removeKnownDevices(models, known.id, { transaction: within });
    }
    const target = { kind: 'user', id: user.id } as const;
    const details = { email, via, promoted: known !== null };
    await recordAuditEvent(models, SYSTEM_ACTOR, { action: 'admin.create', target, details }, within);
    return user.id;
  });
}
