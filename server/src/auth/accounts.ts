import type { Role } from '@reelmill/shared/contracts/users.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { type Transaction, UniqueConstraintError } from 'sequelize';
import { type Actor, recordAuditEvent } from '../audit/auditLog.ts';
import type { ServerContext } from '../context/serverContext.ts';
import type { Models } from '../db/models.ts';
import type { UserRow } from '../db/rows.ts';
import { networkOf } from '../http/clientNetwork.ts';
import type { Attempt } from './attemptLimits.ts';
import { findKnownSource, fingerprintSource, forgetDevices, rememberSource } from './knownDevices.ts';
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

/** Throws `email_taken` and `password_too_weak`. */
export async function createAccount(models: Models, account: NewAccount): Promise<UserRow> {
  const { password, ...columns } = account;
  await assertStrongPassword(password, account);
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

let dummyHash: Promise<string> | undefined;

export interface Credentials {
  email: string;
  password: string;
  /** See `LoginSource`. */
  deviceToken?: string | null | undefined;
}

export interface CheckedLogin {
  user: UserRow;
  /** For the client to keep, where it asked for one. */
  deviceToken: string | undefined;
}

/**
 * The user with this e-mail and password, and the device as it is known from now on. An unknown e-mail and a wrong
 * password take the same time and answer the same `wrong_credentials`. Throws `rate_limited` after too many failures,
 * and `account_disabled` to the owner only. Admins who are refused are in the audit log.
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
  const mayPass = attempt.refusal === null || known.network;
  const user = await verifyAttempt(attempt, found, password);
  if (user === null || !mayPass) {
    noteRefusal(context, found, actor, 'wrong_credentials');
    throw attempt.refusal ?? new ReelmillError('wrong_credentials', 'E-mail address or password is wrong.');
  }
  if (user.disabledAt !== null) {
    noteRefusal(context, user, actor, 'account_disabled');
    throw new ReelmillError('account_disabled', 'This account has been disabled.');
  }
  return { user, deviceToken: await rememberSource(models, user.id, source, key) };
}

/** The user as the password was found right for them, or null; takes as long where there is no such user. */
async function verifyAttempt(
  attempt: Attempt,
  found: UserRow | null,
  password: string,
): Promise<UserRow | null> {
  let matches = false;
  try {
    dummyHash ??= hashPassword('nobody has this account');
    matches = await verifyPassword(password, found?.passwordHash ?? (await dummyHash));
  } catch (error) {
    // nobody has learned anything of the password
    await attempt.takenBack();
    throw error;
  }
  if (found === null || !matches) {
    await attempt.failed();
    return null;
  }
  await attempt.takenBack();
  return found;
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
  recordAuditEvent(database.models, actor, {
    action: 'admin.login_failed',
    target,
    details: { reason },
  }).catch((error: unknown) =>
    logger.error({ err: error, ...target, address, reason }, 'a failed login is not in the audit log'),
  );
}

export interface PasswordReplacement {
  current: string;
  next: string;
  deviceToken?: string | null | undefined;
}

/**
 * Replaces the password of somebody who knows the present one. Every session ends, and every device but this one is
 * forgotten; returns the user as it is then. Throws `password_too_weak`, `rate_limited`, and `wrong_credentials` also
 * where the password was changed meanwhile.
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
    noteRefusal(context, found, actor, 'wrong_credentials');
    throw new ReelmillError('wrong_credentials', 'The present password is wrong.');
  }
  await assertStrongPassword(next, user);
  const passwordHash = await hashPassword(next);
  const source = { deviceToken, network: networkOf(actor.address ?? 'unknown') };
  const { token, network } = fingerprintSource(source, context.secrets.knownDevices);
  await transaction(async (within) => {
    // of several changes at once only the first one finds the password that it was checked against
    const where = { id: user.id, passwordHash: user.passwordHash, disabledAt: null };
    const change = { passwordHash, passwordTemporary: false };
    const [changed] = await models.User.update(change, { where, transaction: within });
    if (changed === 0) throw new ReelmillError('wrong_credentials', 'The password was changed just now.');
    await endSessionsOf(models, user.id, within);
    const keep = token === null ? [network] : [token, network];
    await forgetDevices(models, user.id, { keep, transaction: within });
    await user.reload({ transaction: within });
    if (user.role !== 'admin') return;
    const target = { kind: 'user', id: user.id } as const;
    await recordAuditEvent(models, actor, { action: 'admin.change_password', target }, within);
  });
  context.signals.accountChanged(user.id);
  return { user, deviceToken: await rememberSource(models, user.id, source, context.secrets.knownDevices) };
}
