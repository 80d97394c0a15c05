import { isIPv6 } from 'node:net';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { literal, Op, UniqueConstraintError } from 'sequelize';
import type { Models } from '../db/models.ts';

const WINDOW_MS = 15 * 60 * 1000;
const MAX_FAILURES = { account: 10, address: 100 } as const;
const MAX_RACES = 5;

/**
 * Counts an attempt against the account and the address before the password is looked at, so that guesses sent at once
 * do not all slip through. Throws `rate_limited` where either has none left; `succeeded` gives the attempt back.
 */
export async function claimLoginAttempt(
  models: Models,
  attempt: { email: string; ip: string | undefined },
): Promise<{ succeeded(): Promise<void> }> {
  const account = `account:${attempt.email}`;
  const address = `address:${networkOf(attempt.ip ?? 'unknown')}`;
  await countAttempt(models, address, MAX_FAILURES.address);
  await countAttempt(models, account, MAX_FAILURES.account);
  return {
    async succeeded() {
      await models.LoginAttempt.destroy({ where: { subject: account } });
      await models.LoginAttempt.update(
        { failures: literal('failures - 1') },
        { where: { subject: address, failures: { [Op.gt]: 0 } } },
      );
    },
  };
}

async function countAttempt(models: Models, subject: string, limit: number): Promise<void> {
  for (let race = 0; race < MAX_RACES; race += 1) {
    const now = new Date();
    const [counted] = await models.LoginAttempt.update(
      { failures: literal('failures + 1') },
      { where: { subject, windowEndsAt: { [Op.gt]: now }, failures: { [Op.lt]: limit } } },
    );
    if (counted > 0) return;
    const row = await models.LoginAttempt.findByPk(subject);
    if (row !== null && row.windowEndsAt > now && row.failures >= limit) throw tooMany(row.windowEndsAt, now);
    if (await beginWindow(models, subject, row === null ? null : row.windowEndsAt, now)) return;
  }
  throw new ReelmillError('rate_limited', 'Too many logins at once; try again shortly.', {
    retryAfterSeconds: 5,
  });
}

/** False where another request began it first. */
async function beginWindow(models: Models, subject: string, ended: Date | null, now: Date): Promise<boolean> {
  const windowEndsAt = new Date(now.getTime() + WINDOW_MS);
  if (ended !== null) {
    const where = { subject, windowEndsAt: { [Op.lte]: now } };
    const [began] = await models.LoginAttempt.update({ failures: 1, windowEndsAt }, { where });
    return began > 0;
  }
  try {
    await models.LoginAttempt.create({ subject, failures: 1, windowEndsAt });
    return true;
  } catch (error) {
    if (error instanceof UniqueConstraintError) return false;
    throw error;
  }
}

function tooMany(windowEndsAt: Date, now: Date): ReelmillError {
  const retryAfterSeconds = Math.max(1, Math.ceil((windowEndsAt.getTime() - now.getTime()) / 1000));
  return new ReelmillError('rate_limited', 'Too many failed logins; wait a little before the next try.', {
    retryAfterSeconds,
  });
}

/** An IPv4 address, or the /64 network that one IPv6 customer has to himself. */
export function networkOf(ip: string): string {
  const plain = ip.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  if (!isIPv6(plain)) return plain;
  const [head = '', tail] = plain.toLowerCase().split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  const groups = [...left, ...Array<string>(zeros).fill('0'), ...right];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
