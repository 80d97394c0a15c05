import type { Role } from '@reelmill/shared/contracts/users.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { UniqueConstraintError } from 'sequelize';
import { claimLoginAttempt } from '../auth/loginLimits.ts';
import { hashPassword, verifyPassword } from '../auth/passwords.ts';
import type { Models } from '../db/models.ts';
import type { UserRow } from '../db/rows.ts';

export interface NewAccount {
  email: string;
  nickname: string;
  password: string;
  role: Role;
}

/** Throws `email_taken`. */
export async function createAccount(models: Models, account: NewAccount): Promise<UserRow> {
  const { email, nickname, role } = account;
  const passwordHash = await hashPassword(account.password);
  try {
    return await models.User.create({ email, nickname, role, passwordHash, disabledAt: null });
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
 */
export async function checkCredentials(
  models: Models,
  credentials: { email: string; password: string; ip: string | undefined },
): Promise<UserRow> {
  const attempt = await claimLoginAttempt(models, credentials);
  const user = await models.User.findOne({ where: { email: credentials.email } });
  nobodysHash ??= hashPassword('nobody has this account');
  const matches = await verifyPassword(credentials.password, user?.passwordHash ?? (await nobodysHash));
  if (user === null || !matches) {
    throw new ReelmillError('wrong_credentials', 'E-mail address or password is wrong.');
  }
  await attempt.succeeded();
  if (user.disabledAt !== null) {
    throw new ReelmillError('account_disabled', 'This account has been disabled.');
  }
  return user;
}
