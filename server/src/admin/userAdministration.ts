import type { adminUserSchema, adminUserUpdateSchema } from '@reelmill/shared/contracts/admin.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { col, fn } from 'sequelize';
import type { z } from 'zod';
import { endSessionsOf } from '../auth/sessions.ts';
import type { Database } from '../db/database.ts';
import type { Models } from '../db/models.ts';
import type { UserRow } from '../db/rows.ts';
import { serializeUser } from '../users/serializeUser.ts';

type AdminUser = z.infer<typeof adminUserSchema>;

/** One page of all accounts, the oldest first. */
export async function listUsers(
  models: Models,
  page: { limit: number; offset: number },
): Promise<{ users: AdminUser[]; total: number }> {
  const { rows, count } = await models.User.findAndCountAll({ ...page, order: [['id', 'ASC']] });
  return { users: await describeUsers(models, rows), total: count };
}

/**
 * Changes a role, or disables or enables an account; a disabled one loses its sessions. Throws `not_found`, and
 * `state_conflict` for admins who would lock themselves out.
 */
export async function updateUser(
  { models, transaction }: Database,
  userId: number,
  change: z.infer<typeof adminUserUpdateSchema>,
  adminId: number,
): Promise<AdminUser> {
  const user = await transaction(async (within) => {
    const row = await models.User.findByPk(userId, { transaction: within });
    if (row === null) throw new ReelmillError('not_found', 'There is no such user.');
    if (userId === adminId && (change.disabled === true || change.role === 'creator')) {
      throw new ReelmillError('state_conflict', 'You cannot take your own administration away.');
    }
    const { role = row.role, disabled = row.disabledAt !== null } = change;
    await row.update(
      { role, disabledAt: disabled ? (row.disabledAt ?? new Date()) : null },
      { transaction: within },
    );
    if (disabled) await endSessionsOf(models, userId, within);
    return row;
  });
  const [described] = await describeUsers(models, [user]);
  if (described === undefined) throw new Error('a user was not described');
  return described;
}

async function describeUsers(models: Models, users: readonly UserRow[]): Promise<AdminUser[]> {
  const rows = await models.Video.findAll({
    where: { userId: users.map((user) => user.id), deletedAt: null },
    attributes: ['userId', [fn('count', col('id')), 'id']],
    group: ['user_id'],
  });
  const counts = new Map(rows.map((row) => [row.userId, Number(row.id)]));
  return users.map((user) => ({
    ...serializeUser(user),
    disabled: user.disabledAt !== null,
    video_count: counts.get(user.id) ?? 0,
  }));
}
