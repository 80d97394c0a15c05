import type { Role } from '@reelmill/shared/contracts/users.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { type Transaction, UniqueConstraintError } from 'sequelize';
import { type Actor, recordAuditEvent } from '../audit/auditLog.ts';
import type { ServerContext } from '../context/serverContext.ts';
import type { Models } from '../db/models.ts';
import type { UserRow } from '../db/rows.ts';
import { networkOf } from '../http/clientNetwork.ts';
import type { Attempt } from './attemptLimits.ts';
import { findKnownSource, fingerprintSource, removeKnownDevices, storeLoginSource } from './knownDevices.ts';
import { claimConfirmation, claimLoginAttempt } from './loginLimits.ts';
import { assertStrongPassword } from './passwordPolicy.ts';
import { hashPassword, verifyPassword } from './passwords.ts';
import { endSessionsOf } from './sessions.ts';

export interface NewAccount {
  email: string;
  nickname: string;
  password: string;
  role: Role;
}

type AccountContext = Pick<ServerContext, 'database' | 'logger' | 'secrets'>;

/** Creates an account. Throws `email_taken` and `password_too_weak`. */
export async function createAccount(models: Models, account: NewAccount): Promise<UserRow> {
  const { password, ...columns } = account;
  await assertStrongPassword(password, account);
  return insertAccount(models, { ...columns, passwordHash: await hashPassword(password) });
}

/** Set explicitly, so that a new row has the same fields as one that was read. */
const UNSET = { disabledAt: null, quotaBytes: null, quotaVideos: null } as const;

/** Like `createAccount`, with a hashed password: hashing takes longer than a transaction should. */
export async function insertAccount(
  models: Models,
  columns: Omit<NewAccount, 'password'> & Partial<UserRow> & { passwordHash: string },
  transaction?: Transaction,
): Promise<UserRow> {
  try {
    return await models.User.create({ ...UNSET, ...columns }, transaction ? { transaction } : {});
  } catch (cause) {
    if (!(cause instanceof UniqueConstraintError)) throw cause;
    throw new ReelmillError('email_taken', 'An account with this e-mail address already exists.', {
      cause,
    });
  }
}

let dummyHash: Promise<string> | undefined;

export interface Credentials {
  email: string;
  password: string;
  /** See `LoginSource`. */
  deviceToken?: string | null | undefined;
}

export interface CheckedLogin {
  user: UserRow;
  /** For the client to store; undefined unless it asked for one. */
  deviceToken: string | undefined;
}

/**
 * Returns the user with this e-mail address and password, and the token of the device. An unknown address and a wrong
 * password take the same time and throw the same `wrong_credentials`. Throws `rate_limited` after too many failures, and
 * `account_disabled` only where the password is right. Failed logins of admins are in the audit log.
 */
export async function checkCredentials(
  context: AccountContext,
  { email, password, deviceToken }: Credentials,
  actor: Actor,
): Promise<CheckedLogin> {
  const { models } = context.database;
  const key = context.secrets.knownDevices;
  const source = { deviceToken, network: networkOf(actor.address ?? 'unknown') };
  const fingerprints = fingerprintSource(source, key);
  const found = await models.User.findOne({ where: { email } });
  const known = await findKnownSource(models, found?.id ?? null, fingerprints);
  const device = known.token ? fingerprints.token : null;
  const { network } = source;
  const { networkInUse } = known;
  const attempt = await claimLoginAttempt(models, { email, network, device, networkInUse });
  const mayPass = attempt.limitError === null || known.network;
  const user = await verifyAttempt(attempt, found, password);
  if (user === null || !mayPass) {
    recordFailedLogin(context, found, actor, 'wrong_credentials');
    throw (
      attempt.limitError ?? new ReelmillError('wrong_credentials', 'Incorrect e-mail address or password.')
    );
  }
  if (user.disabledAt !== null) {
    recordFailedLogin(context, user, actor, 'account_disabled');
    throw new ReelmillError('account_disabled', 'This account has been disabled.');
  }
  return { user, deviceToken: await storeLoginSource(models, user.id, source, key) };
}

/** Returns the user if the password is right, otherwise null; takes the same time where there is no such user. */
async function verifyAttempt(
  attempt: Attempt,
  found: UserRow | null,
  password: string,
): Promise<UserRow | null> {
  let matches = false;
  try {
    dummyHash ??= hashPassword('no account has this password');
    matches = await verifyPassword(password, found?.passwordHash ?? (await dummyHash));
  } catch (error) {
    // the failure reveals nothing of the password
    await attempt.withdraw();
    throw error;
  }
  if (found === null || !matches) {
    await attempt.failed();
    return null;
  }
  await attempt.withdraw();
  return found;
}

/** Not awaited: the time of a response must not reveal which addresses belong to admins. */
function recordFailedLogin(
  { database, logger }: Pick<ServerContext, 'database' | 'logger'>,
  user: UserRow | null,
  { requestId, address }: Actor,
  reason: 'wrong_credentials' | 'account_disabled',
): void {
  if (user?.role !== 'admin') return;
  const actor = { userId: null, email: user.email, requestId, address };
  const target = { kind: 'user', id: user.id } as const;
  recordAuditEvent(database.models, actor, {
    action: 'admin.login_failed',
    target,
    details: { reason },
  }).catch((error: unknown) =>
    logger.error({ err: error, ...target, address, reason }, 'failed login not recorded in audit log'),
  );
}

export interface PasswordReplacement {
  current: string;
  next: string;
  deviceToken?: string | null | undefined;
}

/**
 * Replaces the password of a user who knows the current one. Ends every session and removes every known device but this
 * one; returns the changed user. Throws `password_too_weak`, `rate_limited`, and `wrong_credentials`, also where the
 * password has changed in the meantime.
 */
export async function changePassword(
  context: AccountContext & Pick<ServerContext, 'signals'>,
  { current, next, deviceToken }: PasswordReplacement,
  actor: Actor & { userId: number },
): Promise<CheckedLogin> {
  const { models, transaction } = context.database;
  const attempt = await claimConfirmation(models, actor.userId);
  const found = await models.User.findByPk(actor.userId);
  const user = await verifyAttempt(attempt, found, current);
  if (user === null) {
    recordFailedLogin(context, found, actor, 'wrong_credentials');
    throw new ReelmillError('wrong_credentials', 'The current password is wrong.');
  }
  await assertStrongPassword(next, user);
  const passwordHash = await hashPassword(next);
  const source = { deviceToken, network: networkOf(actor.address ?? 'unknown') };
  const { token, network } = fingerprintSource(source, context.secrets.knownDevices);
  await transaction(async (within) => {
    // of several concurrent changes only the first one finds the password that it verified
    const where = { id: user.id, passwordHash: user.passwordHash, disabledAt: null };
    const change = { passwordHash, passwordTemporary: false };
    const [changed] = await models.User.update(change, { where, transaction: within });
    if (changed === 0)
      throw new ReelmillError('wrong_credentials', 'The password has just been changed. Log in again.');
    await endSessionsOf(models, user.id, within);
    const keep = token === null ? [network] : [token, network];
    await removeKnownDevices(models, user.id, { keep, transaction: within });
    await user.reload({ transaction: within });
    if (user.role !== 'admin') return;
    const target = { kind: 'user', id: user.id } as const;
    await recordAuditEvent(models, actor, { action: 'admin.change_password', target }, within);
  });
  context.signals.accountChanged(user.id);
  return { user, deviceToken: await storeLoginSource(models, user.id, source, context.secrets.knownDevices) };
}
