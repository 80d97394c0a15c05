import type { User } from '@reelmill/shared/contracts/users.ts';
import type { UserRow } from '../db/rows.ts';

/** Returns a user as the API shows it. */
export function serializeUser(row: UserRow): User {
  return {
    user_id: row.id,
    nickname: row.nickname,
    email: row.email,
    role: row.role,
    password_temporary: row.passwordTemporary,
    created_at: row.createdAt.toISOString(),
  };
}
