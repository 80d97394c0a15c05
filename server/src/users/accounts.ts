import type { Role } from '@reelmill/shared/contracts/users.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { type Transaction, UniqueConstraintError } from 'sequelize';
import { type Actor, recordAct } from '../admin/auditLog.ts';
import { claimLoginAttempt } from '../auth/loginLimits.ts';
import { hashPassword, verifyPassword } from '../auth/passwords.ts';
import { endSessionsOf } from '../auth/sessions.ts';
import type { Models } from '../db/models.ts';
import type { UserRow } from '../db/rows.ts';
import type { ServerContext } from '../http/context.ts';

export interface NewAccount {
  email: string;
  nickname: string;
  password: string;
  role: Role;
}

/** Throws `email_taken`. */
export async function createAccount(models: Models, account: NewAccount): Promise<UserRow> {
  const { password, ...columns } = account;
  return insertAccount(models, { ...columns, passwordHash: await hashPassword(password) });
}

/** Said at once, so that a new row has everything that it would have when it is read again. */
const UNSET = { disabledAt: null, quotaBytes: null, quotaVideos: null } as const;

/** The same for a password that is hashed already: hashing takes longer than a transaction should. */
export async function insertAccount(
  models: Models,
  columns: Omit<NewAccount, 'password'> & Partial<UserRow> & { passwordHash: string },
  transaction?: Transaction,
): Promise<UserRow> {
  try {
    return await models.User.create({ ...UNSET, ...columns }, transaction ? { transaction } : {});
  } catch (cause) {
    if (!(cause instanceof UniqueConstraintError)) throw cause;
    throw new ReelmillError('email_taken', 'There is an account with this e-mail address already.', {
      cause,
    });
  }
}

let nobodysHash: Promise<string> | undefined;

/**
 * The user with this e-mail and password. An unknown e-mail and a wrong password take the same time and answer the
 * same `wrong_credentials`. Throws `rate_limited` after too many failures, and `account_disabled` to the owner only.
 * Admins who are refused are in the audit log.
 */
export async function checkCredentials(
  context: Pick<ServerContext, 'database' | 'logger'>,
  credentials: { email: string; password: string },
  actor: Actor,
): Promise<UserRow> {
  const { models } = context.database;
  const { email, password } = credentials;
  const attempt = await claimLoginAttempt(models, { email, ip: actor.address ?? undefined });
  const user = await models.User.findOne({ where: { email } });
  nobodysHash ??= hashPassword('nobody has this account');
  const matches = await verifyPassword(password, user?.passwordHash ?? (await nobodysHash));
  if (user === null || !matches) {
    noteRefusal(context, user, actor, 'wrong_credentials');
    throw new ReelmillError('wrong_credentials', 'E-mail address or password is wrong.');
  }
  await attempt.succeeded();
  if (user.disabledAt !== null) {
    noteRefusal(context, user, actor, 'account_disabled');
    throw new ReelmillError('account_disabled', 'This account has been disabled.');
  }
  return user;
}

/** Nobody waits for it: how long an answer takes must not tell whose address is an admin's. */
function noteRefusal(
  { database, logger }: Pick<ServerContext, 'database' | 'logger'>,
  user: UserRow | null,
  { requestId, address }: Actor,
  reason: 'wrong_credentials' | 'account_disabled',
): void {
  if (user?.role !== 'admin') return;
  const actor = { userId: null, email: user.email, requestId, address };
  const target = { kind: 'user', id: user.id } as const;
  recordAct(database.models, actor, { action: 'admin.login_failed', target, details: { reason } }).catch(
    (error: unknown) =>
      logger.error({ err: error, ...target, address, reason }, 'a failed login is not in the audit log'),
  );
}

/**
 * Replaces the password of somebody who knows the present one. Every session ends; answers the user as it is then.
 * Throws `wrong_credentials` and `rate_limited`, as a login does.
 */
export async function changePassword(
  context: Pick<ServerContext, 'database' | 'logger' | 'signals'>,
  passwords: { current: string; next: string },
  actor: Actor & { userId: number },
): Promise<UserRow> {
  const { models, transaction } = context.database;
  const { email } = await models.User.findByPk(actor.userId, { rejectOnEmpty: true });
  const user = await checkCredentials(context, { email, password: passwords.current }, actor);
  const passwordHash = await hashPassword(passwords.next);
  await transaction(async (within) => {
    const where = { id: user.id };
    await models.User.update({ passwordHash, passwordTemporary: false }, { where, transaction: within });
    await endSessionsOf(models, user.id, within);
    await user.reload({ transaction: within });
    if (user.role !== 'admin') return;
    const target = { kind: 'user', id: user.id } as const;
    await recordAct(models, actor, { action: 'admin.change_password', target }, within);
  });
  context.signals.accountChanged(user.id);
  return user;
}
