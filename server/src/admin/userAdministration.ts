import type {
  AdminUser,
  AdminUserCreate,
  AdminUserPassword,
  AdminUserQuery,
  AdminUserUpdate,
  QuotaUpdate,
} from '@reelmill/shared/contracts/adminUsers.ts';
import { LIMITS } from '@reelmill/shared/contracts/limits.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { Op, type Transaction } from 'sequelize';
import { type Act, type Actor, recordAuditEvent } from '../audit/auditLog.ts';
import { insertAccount } from '../auth/accounts.ts';
import { forgetDevices } from '../auth/knownDevices.ts';
import { assertStrongPassword } from '../auth/passwordPolicy.ts';
import { generatePassword, hashPassword } from '../auth/passwords.ts';
import { serializeUser } from '../auth/serializeUser.ts';
import { endSessionsOf } from '../auth/sessions.ts';
import type { ServerContext } from '../context/serverContext.ts';
import { contains } from '../db/contains.ts';
import type { UserRow } from '../db/rows.ts';
import { UNLIMITED } from '../users/processingLimits.ts';
import { describeQuotas } from '../users/quotas.ts';

type Context = Pick<ServerContext, 'database' | 'config' | 'signals'>;

/** One page of the accounts, the oldest first. */
export async function listUsers(
  context: Pick<ServerContext, 'database' | 'config'>,
  { search, role, disabled, limit, offset }: AdminUserQuery,
): Promise<{ users: AdminUser[]; total: number }> {
  const conditions = [
    ...(role === undefined ? [] : [{ role }]),
    ...(disabled === undefined ? [] : [{ disabledAt: disabled ? { [Op.not]: null } : null }]),
    ...(search ? [{ [Op.or]: [contains('email', search), contains('nickname', search)] }] : []),
  ];
  const { rows, count } = await context.database.models.User.findAndCountAll({
    where: { [Op.and]: conditions },
    order: [['id', 'ASC']],
    limit,
    offset,
  });
  return { users: await describeUsers(context, rows), total: count };
}

/** Makes an account. Answers its password where none was given. Throws `email_taken` and `password_too_weak`. */
export async function createUser(
  context: Context,
  request: AdminUserCreate,
  actor: Actor,
): Promise<AdminUserPassword> {
  const { models, transaction } = context.database;
  const { email, role, quota = {} } = request;
  const generated = request.password === undefined ? generatePassword() : null;
  if (request.password !== undefined) await assertStrongPassword(request.password, request);
  const passwordHash = await hashPassword(request.password ?? generated ?? '');
  const nickname = request.nickname ?? email.split('@', 1).join('').slice(0, LIMITS.nicknameCharacters);
  const user = await transaction(async (within) => {
    const columns = { email, nickname, role, passwordHash, passwordTemporary: true, ...quotaColumns(quota) };
    const row = await insertAccount(models, columns, within);
    const details = { email, role, ...(Object.keys(quota).length === 0 ? {} : { quota }) };
    await recordAuditEvent(
      models,
      actor,
      { action: 'user.create', target: { kind: 'user', id: row.id }, details },
      within,
    );
    return row;
  });
  return { user: await describeUser(context, user), password: generated };
}

/**
 * Changes a role or a quota, or disables or enables an account; a disabled one loses its sessions. Throws `not_found`,
 * and `state_conflict` where nobody would be left to administer, or admins would lock themselves out.
 */
export async function updateUser(
  context: Context,
  userId: number,
  change: AdminUserUpdate,
  actor: Actor,
): Promise<AdminUser> {
  const { models, transaction } = context.database;
  const user = await transaction(async (within) => {
    // before the account: of several that lose the role at once none may wait for another that waits for it
    if (change.role !== undefined || change.disabled === true) await lockAdmins(context, within);
    const row = await lockUser(context, userId, within);
    const acts = actsOf(row, change);
    const { role = row.role, disabled = row.disabledAt !== null, quota = {} } = change;
    const stopsAdministering =
      row.role === 'admin' && row.disabledAt === null && (disabled || role !== 'admin');
    if (stopsAdministering) await refuseLastAdmin(context, userId, actor, within);
    const disabledAt = disabled ? (row.disabledAt ?? new Date()) : null;
    await row.update({ role, disabledAt, ...quotaColumns(quota) }, { transaction: within });
    if (acts.some(({ action }) => action === 'user.disable')) await endSessionsOf(models, userId, within);
    for (const act of acts) await recordAuditEvent(models, actor, act, within);
    return row;
  });
  context.signals.accountChanged(userId);
  return describeUser(context, user);
}

/**
 * Gives an account another password, ends its sessions and forgets its devices. Answers the password where none was
 * given. Throws `not_found` and `password_too_weak`.
 */
export async function resetPassword(
  context: Context,
  userId: number,
  password: string | undefined,
  actor: Actor,
): Promise<AdminUserPassword> {
  const { models, transaction } = context.database;
  const generated = password === undefined ? generatePassword() : null;
  if (password !== undefined) {
    const owner = await models.User.findByPk(userId, { attributes: ['email', 'nickname'] });
    await assertStrongPassword(password, owner ?? { email: '' });
  }
  const passwordHash = await hashPassword(password ?? generated ?? '');
  const user = await transaction(async (within) => {
    const row = await lockUser(context, userId, within);
    // an admin who chooses another password for himself is the only one who knows it
    const passwordTemporary = actor.userId !== userId || generated !== null;
    await row.update({ passwordHash, passwordTemporary }, { transaction: within });
    await endSessionsOf(models, userId, within);
    await forgetDevices(models, userId, { transaction: within });
    await recordAuditEvent(
      models,
      actor,
      { action: 'user.reset_password', target: { kind: 'user', id: userId } },
      within,
    );
    return row;
  });
  context.signals.accountChanged(userId);
  return { user: await describeUser(context, user), password: generated };
}

/** One act for each thing that changes. */
function actsOf(row: UserRow, { role, disabled, quota }: AdminUserUpdate): Act[] {
  const target = { kind: 'user', id: row.id } as const;
  const wasDisabled = row.disabledAt !== null;
  const acts: Act[] = [];
  if (role !== undefined && role !== row.role) {
    acts.push({ action: 'user.role', target, details: { from: row.role, to: role } });
  }
  if (disabled !== undefined && disabled !== wasDisabled) {
    acts.push({ action: disabled ? 'user.disable' : 'user.enable', target });
  }
  if (quota !== undefined && Object.keys(quota).length > 0) {
    acts.push({ action: 'user.quota', target, details: { ...quota } });
  }
  return acts;
}

async function lockUser({ database }: Context, userId: number, transaction: Transaction): Promise<UserRow> {
  const lock = transaction.LOCK.UPDATE;
  const row = await database.models.User.findByPk(userId, { transaction, lock });
  if (row === null) throw new ReelmillError('not_found', 'There is no such user.');
  return row;
}

/** Locks every admin, so that of two who would disable each other one comes too late. */
async function lockAdmins({ database }: Context, transaction: Transaction): Promise<UserRow[]> {
  return database.models.User.findAll({
    attributes: ['id'],
    where: { role: 'admin', disabledAt: null },
    order: ['id'],
    transaction,
    lock: transaction.LOCK.UPDATE,
  });
}

async function refuseLastAdmin(
  context: Context,
  userId: number,
  actor: Actor,
  transaction: Transaction,
): Promise<void> {
  if (userId === actor.userId) {
    throw new ReelmillError('state_conflict', 'You cannot take your own administration away.');
  }
  const admins = await lockAdmins(context, transaction);
  if (admins.every(({ id }) => id === userId)) {
    throw new ReelmillError('state_conflict', 'This is the last administrator; make another one first.');
  }
}

const QUOTA_COLUMNS = {
  bytes: 'quotaBytes',
  videos: 'quotaVideos',
  running_tasks: 'quotaRunningTasks',
  queued_minutes: 'quotaQueuedMinutes',
  daily_minutes: 'quotaDailyMinutes',
} as const satisfies Record<keyof QuotaUpdate, keyof UserRow>;

function quotaColumns(quota: QuotaUpdate): Partial<Pick<UserRow, QuotaColumn>> {
  return Object.fromEntries(
    Object.entries(QUOTA_COLUMNS).flatMap(([what, column]) => {
      const limit = quota[what as keyof QuotaUpdate]; // Object.entries widens to string
      return limit === undefined ? [] : [[column, columnOf(limit)]];
    }),
  );
}
type QuotaColumn = (typeof QUOTA_COLUMNS)[keyof QuotaUpdate];

function columnOf(limit: number | 'default' | 'unlimited'): number | null {
  if (limit === 'default') return null;
  return limit === 'unlimited' ? UNLIMITED : limit;
}

async function describeUser(context: Context, user: UserRow): Promise<AdminUser> {
  const [described] = await describeUsers(context, [user]);
  if (described === undefined) throw new Error('a user was not described');
  return described;
}

async function describeUsers(
  context: Pick<ServerContext, 'database' | 'config'>,
  users: readonly UserRow[],
): Promise<AdminUser[]> {
  const quotas = await describeQuotas(context, users);
  return users.flatMap((user, index) => {
    const quota = quotas[index];
    if (quota === undefined) return [];
    const disabled = user.disabledAt !== null;
    return [{ ...serializeUser(user), disabled, video_count: quota.videos.used, quota }];
  });
}
