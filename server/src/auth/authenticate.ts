import type { Role } from '@reelmill/shared/contracts/users.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { Request } from 'express';
import { LRUCache } from 'lru-cache';
import type { ServerContext } from '../context/serverContext.ts';
import type { Identity } from '../http/route.ts';
import type { Authenticate } from '../http/router.ts';
import { accessTokenKey, readAccessToken } from './accessTokens.ts';

interface Account {
  role: Role;
  disabled: boolean;
  epoch: number;
}

/** How old a cached account may be after a change by another server; changes by this one take effect at once. */
const ACCOUNT_CACHE_MS = 2_000;
const ACCOUNT_CACHE_ENTRIES = 10_000;

/** Identifies the user by `Authorization: Bearer`; role and state come from the account, not from the token. */
export function createAuthenticate(context: ServerContext): Authenticate {
  const readAccount = cacheAccounts(context);
  const key = accessTokenKey(context.secrets.accessTokens);
  return async (request, auth) => {
    if (auth === 'none') return null;
    const token = readBearer(request);
    if (token === null) {
      if (auth === 'optional') return null;
      throw new ReelmillError('unauthorized', 'Log in first: send the token as Authorization: Bearer.');
    }
    const { userId, epoch, session } = readAccessToken(token, key);
    const account = await readAccount(userId);
    if (account === null)
      throw new ReelmillError('unauthorized', 'The account of this token no longer exists.');
    if (account.disabled) throw new ReelmillError('account_disabled', 'This account has been disabled.');
    if (account.epoch !== epoch) {
      throw new ReelmillError('unauthorized', 'This session has ended. Log in again.');
    }
    if (auth === 'admin' && account.role !== 'admin') {
      throw new ReelmillError('forbidden', 'Only an administrator may do this.');
    }
    return { userId, role: account.role, epoch, session } satisfies Identity;
  };
}

function readBearer(request: Request): string | null {
  const header = request.get('authorization');
  if (header === undefined) return null;
  const token = /^Bearer +(\S+)$/i.exec(header)?.[1];
  if (token === undefined)
    throw new ReelmillError('unauthorized', 'The Authorization header is not a Bearer token.');
  return token;
}

function cacheAccounts({ database, signals }: ServerContext): (userId: number) => Promise<Account | null> {
  const cache = new LRUCache<number, { account: Account | null }>({
    max: ACCOUNT_CACHE_ENTRIES,
    ttl: ACCOUNT_CACHE_MS,
  });
  let changes = 0;
  signals.onAccountChanged((userId) => {
    changes += 1;
    cache.delete(userId);
  });
  return async (userId) => {
    const known = cache.get(userId);
    if (known !== undefined) return known.account;
    const changesBefore = changes;
    const row = await database.models.User.findByPk(userId, {
      attributes: ['role', 'disabledAt', 'sessionEpoch'],
    });
    const account = row && { role: row.role, disabled: row.disabledAt !== null, epoch: row.sessionEpoch };
    // a row that was read during a change may be the state before it
    if (changes !== changesBefore) return account;
    cache.set(userId, { account });
    return account;
  };
}
