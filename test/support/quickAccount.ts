import { randomBytes, scryptSync } from 'node:crypto';
import { insertAccount } from '../../server/src/auth/accounts.ts';
import type { Models } from '../../server/src/db/models.ts';

/** An account whose password is checked in a millisecond: for tests of many logins, which are not about the hash. */
export async function addQuickAccount(
  models: Models,
  name: string,
): Promise<{ email: string; password: string }> {
  const account = { email: `${name}@example.org`, password: `password of ${name}` };
  const salt = randomBytes(16);
  const key = scryptSync(account.password, salt, 32, { N: 2 ** 4, r: 8, p: 1 });
  const passwordHash = `scrypt$4$8$1$${salt.toString('base64url')}$${key.toString('base64url')}`;
  await insertAccount(models, { email: account.email, nickname: name, role: 'creator', passwordHash });
  return account;
}
