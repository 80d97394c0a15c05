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
import { type Actor, type AuditEvent, recordAuditEvent } from '../audit/auditLog.ts';
import { insertAccount } from '../auth/accounts.ts';
import { removeKnownDevices } from '../auth/knownDevices.ts';
import { assertStrongPassword } from '../auth/passwordPolicy.ts';
import { generatePassword, hashPassword } from '../auth/passwords.ts';
import { serializeUser } from '../auth/serializeUser.ts';
import { endSessionsOf } from '../auth/sessions.ts';
import type { ServerContext } from '../context/serverContext.ts';
import { contains } from '../db/contains.ts';
import type { UserRow } from '../db/rows.ts';
import { UNLIMITED } from '../users/processingLimits.ts';
import { serializeQuotas } from '../users/quotas.ts';

type Context = Pick<ServerContext, 'database' | 'config' | 'signals'>;

/** Returns one page of the accounts, oldest first. */
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
  return { users: await serializeAdminUsers(context, rows), total: count };
}

/** Creates an account. Returns a generated password if the request has none. Throws `email_taken`, `password_too_weak`. */
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
  return { user: await serializeAdminUser(context, user), password: generated };
}

/**
 * Changes a role or a quota, or disables or enables an account; a disabled one loses its sessions. Throws `not_found`, and
 * `state_conflict` where no admin would remain, or admins would lock themselves out.
 */
export async function updateUser(
  context: Context,
  userId: number,
  change: AdminUserUpdate,
  actor: Actor,
): Promise<AdminUser> {
  const { models, transaction } = context.database;
  const user = await transaction(async (within) => {
    // locks the admins before the account, so that concurrent changes to admins cannot deadlock
    if (change.role !== undefined || change.disabled === true) await lockAdmins(context, within);
    const row = await lockUser(context, userId, within);
    const events = auditEventsOf(row, change);
    const { role = row.role, disabled = row.disabledAt !== null, quota = {} } = change;
    const stopsAdministering =
      row.role === 'admin' && row.disabledAt === null && (disabled || role !== 'admin');
    if (stopsAdministering) await assertAdminRemains(context, userId, actor, within);
    const disabledAt = disabled ? (row.disabledAt ?? new Date()) : null;
    await row.update({ role, disabledAt, ...quotaColumns(quota) }, { transaction: within });
    if (events.some(({ action }) => action === 'user.disable')) await endSessionsOf(models, userId, within);
    for (const event of events) await recordAuditEvent(models, actor, event, within);
    return row;
  });
  context.signals.accountChanged(userId);
  return serializeAdminUser(context, user);
}

/**
 * Sets another password, ends the sessions of the account and removes its known devices. Returns the generated password
 * where `password` is undefined. Throws `not_found` and `password_too_weak`.
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
    // only the admins themselves know a password that they choose for their own account
    const passwordTemporary = actor.userId !== userId || generated !== null;
    await row.update({ passwordHash, passwordTemporary }, { transaction: within });
    await endSessionsOf(models, userId, within);
    await removeKnownDevices(models, userId, { transaction: within });
    await recordAuditEvent(
      models,
      actor,
      { action: 'user.reset_password', target: { kind: 'user', id: userId } },
      within,
    );
    return row;
  });
  context.signals.accountChanged(userId);
  return { user: await serializeAdminUser(context, user), password: generated };
}

/** Returns one audit event for each changed property. */
function auditEventsOf(row: UserRow, { role, disabled, quota }: AdminUserUpdate): AuditEvent[] {
  const target = { kind: 'user', id: row.id } as const;
  const wasDisabled = row.disabledAt !== null;
  const events: AuditEvent[] = [];
  if (role !== undefined && role !== row.role) {
    events.push({ action: 'user.role', target, details: { from: row.role, to: role } });
  }
  if (disabled !== undefined && disabled !== wasDisabled) {
    events.push({ action: disabled ? 'user.disable' : 'user.enable', target });
  }
  if (quota !== undefined && Object.keys(quota).length > 0) {
    events.push({ action: 'user.quota', target, details: { ...quota } });
  }
  return events;
}

async function lockUser({ database }: Context, userId: number, transaction: Transaction): Promise<UserRow> {
  const lock = transaction.LOCK.UPDATE;
  const row = await database.models.User.findByPk(userId, { transaction, lock });
  if (row === null) throw new ReelmillError('not_found', 'There is no such user.');
  return row;
}

/** Locks every admin, so that two admins cannot disable each other concurrently. */
async function lockAdmins({ database }: Context, transaction: Transaction): Promise<UserRow[]> {
  return database.models.User.findAll({
    attributes: ['id'],
    where: { role: 'admin', disabledAt: null },
    order: ['id'],
    transaction,
    lock: transaction.LOCK.UPDATE,
  });
}

async function assertAdminRemains(
  context: Context,
  userId: number,
  actor: Actor,
  transaction: Transaction,
): Promise<void> {
  if (userId === actor.userId) {
    throw new ReelmillError('state_conflict', 'You cannot remove your own administrator role.');
  }
  const admins = await lockAdmins(context, transaction);
  if (admins.every(({ id }) => id === userId)) {
    throw new ReelmillError('state_conflict', 'This is the last administrator. Create another one first.');
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

async function serializeAdminUser(context: Context, user: UserRow): Promise<AdminUser> {
  const [serialized] = await serializeAdminUsers(context, [user]);
  if (serialized === undefined) throw new Error('a user was not serialized');
  return serialized;
}

async function serializeAdminUsers(
  context: Pick<ServerContext, 'database' | 'config'>,
  users: readonly UserRow[],
): Promise<AdminUser[]> {
  const quotas = await serializeQuotas(context, users);
  return users.flatMap((user, index) => {
    const quota = quotas[index];
    if (quota === undefined) return [];
    const disabled = user.disabledAt !== null;
    return [{ ...serializeUser(user), disabled, video_count: quota.videos.used, quota }];
  });
}
