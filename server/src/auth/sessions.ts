import { createHash, createHmac, randomBytes, randomUUID } from 'node:crypto';
import type { Session } from '@reelmill/shared/contracts/users.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { Op, type Transaction } from 'sequelize';
import type { ServerContext } from '../context/serverContext.ts';
import type { Models } from '../db/models.ts';
import type { RefreshTokenRow, UserRow } from '../db/rows.ts';
import type { Identity } from '../http/route.ts';
import { ACCESS_TOKEN_SECONDS, signAccessToken } from './accessTokens.ts';
import { serializeUser } from './serializeUser.ts';

/*
 * A login starts a family of refresh tokens. A token is valid once: using it creates its successor in the family. A token
 * that is used a second time has been copied, so the whole family is revoked, for the thief and the owner.
 *
 * But two programs or tabs of one user may send the same token concurrently, or a response may be lost. So for a short
 * grace period a used token returns the same successor again: each token is derived from the one before it with a key of
 * this installation, so it can be returned again although only its hash is stored. A copy is detected as soon as owner and
 * thief use the same token more than a grace period apart.
 */

export const REFRESH_TOKEN_MS = 30 * 24 * 3600 * 1000;
/** A client that waits 30 s for a response has retried by then. */
const GRACE_MS = 60_000;

type Context = Pick<ServerContext, 'database' | 'secrets'>;
type Refreshed = { user: UserRow; family: string; refreshToken: string } | { error: ReelmillError };

/**
 * Starts a new session, for a user whose password was right when the row was read. Throws `wrong_credentials` where all
 * sessions have been ended since then: the password may have been replaced.
 */
export async function startSession({ database, secrets }: Context, user: UserRow): Promise<Session> {
  const { models } = database;
  const family = randomUUID();
  const refreshToken = await database.transaction(async (transaction) => {
    const { id, sessionEpoch } = user;
    // the lock excludes a concurrent end of all sessions
    const lock = transaction.LOCK.UPDATE;
    const known = await models.User.findOne({ where: { id, sessionEpoch }, transaction, lock });
    if (known === null)
      throw new ReelmillError('wrong_credentials', 'The password has just been changed. Log in again.');
    const token = randomBytes(32).toString('base64url');
    await saveRefreshToken(models, { userId: id, family }, token, transaction);
    return token;
  });
  return serializeSession(user, { family, refreshToken }, secrets.accessTokens);
}

/**
 * Continues a session. Throws `refresh_token_invalid`, `account_disabled`, or `refresh_token_reused` for a token that was
 * used before the grace period, whose family it revokes.
 */
export async function refreshSession({ database, secrets }: Context, token: string): Promise<Session> {
  const { models } = database;
  // errors are returned, not thrown, inside: a revocation must be committed
  const outcome = await database.transaction(async (transaction): Promise<Refreshed> => {
    const locked = await lockFamily(models, token, transaction);
    const row = locked?.tokens.get(hashToken(token));
    // a revoked family has no valid token
    if (!locked || !row || ![...locked.tokens.values()].some(isValid)) return { error: invalidToken() };
    const { user, tokens } = locked;
    if (user.disabledAt !== null) {
      return { error: new ReelmillError('account_disabled', 'This account has been disabled.') };
    }
    if (!isValid(row) && !isWithinGrace(row)) return revokeReused(models, row, transaction);
    const refreshToken = await createSuccessor(
      models,
      { token, row, tokens, key: secrets.refreshTokens },
      transaction,
    );
    return { user, family: row.family, refreshToken };
  });
  if ('error' in outcome) throw outcome.error;
  return serializeSession(outcome.user, outcome, secrets.accessTokens);
}

/** Revokes the family of a token. Does nothing for an unknown token. */
export async function endSession({ database }: Context, token: string): Promise<void> {
  const { models } = database;
  await database.transaction(async (transaction) => {
    const locked = await lockFamily(models, token, transaction);
    const row = locked?.tokens.get(hashToken(token));
    if (row !== undefined) await revoke(models, { family: row.family }, transaction);
  });
}

/**
 * Ends every session of a user: invalidates its refresh and access tokens. After the commit the caller calls
 * `signals.accountChanged`.
 */
export async function endSessionsOf(
  models: Models,
  userId: number,
  transaction?: Transaction,
): Promise<void> {
  await models.User.increment('sessionEpoch', {
    where: { id: userId },
    silent: true,
    ...(transaction ? { transaction } : {}),
  });
  await revoke(models, { userId }, transaction);
}

/**
 * Returns the identities that were authenticated earlier and whose account has changed or whose session has ended since,
 * although their access tokens may still be valid for some minutes.
 */
export async function findEnded(
  { database: { models } }: Pick<ServerContext, 'database'>,
  identities: readonly Identity[],
): Promise<Set<Identity>> {
  const users = await models.User.findAll({
    attributes: ['id', 'role', 'disabledAt', 'sessionEpoch'],
    where: { id: [...new Set(identities.map(({ userId }) => userId))] },
  });
  const names = identities.flatMap(({ session }) => session ?? []);
  const active = await models.RefreshToken.findAll({
    attributes: ['family'],
    where: { family: [...new Set(names)], usedAt: null, revokedAt: null, expiresAt: { [Op.gt]: new Date() } },
  });
  const byId = new Map(users.map((user) => [user.id, user]));
  const families = new Set(active.map(({ family }) => family));
  return new Set(
    identities.filter(({ userId, role, epoch, session }) => {
      const user = byId.get(userId);
      if (user === undefined || user.disabledAt !== null || user.role !== role) return true;
      return user.sessionEpoch !== epoch || (session !== null && !families.has(session));
    }),
  );
}

/** Removes expired tokens, login attempts and devices. */
export async function removeExpiredTokens(models: Models, now: Date): Promise<void> {
  await models.RefreshToken.destroy({ where: { expiresAt: { [Op.lt]: now } } });
  await models.LoginAttempt.destroy({ where: { windowEndsAt: { [Op.lt]: now } } });
  await models.KnownDevice.destroy({ where: { expiresAt: { [Op.lt]: now } } });
}

/**
 * Returns the user of a token and the unexpired tokens of its family by hash; null for an unknown token. Locks them:
 * requests with other tokens of this user, and the end of its sessions, wait.
 */
async function lockFamily(
  { RefreshToken, User }: Models,
  token: string,
  transaction: Transaction,
): Promise<{ user: UserRow; tokens: ReadonlyMap<string, RefreshTokenRow> } | null> {
  const where = { tokenHash: hashToken(token) };
  const found = await RefreshToken.findOne({ attributes: ['family', 'userId'], where, transaction });
  if (found === null) return null;
  const lock = transaction.LOCK.UPDATE;
  const user = await User.findByPk(found.userId, { transaction, lock });
  if (user === null) return null;
  const rows = await RefreshToken.findAll({
    where: { family: found.family, expiresAt: { [Op.gt]: new Date() } },
    transaction,
    lock,
  });
  return { user, tokens: new Map(rows.map((row) => [row.tokenHash, row])) };
}

/** Uses a token; returns its newest successor, a new one where there is none yet. */
async function createSuccessor(
  models: Models,
  from: { token: string; row: RefreshTokenRow; tokens: ReadonlyMap<string, RefreshTokenRow>; key: string },
  transaction: Transaction,
): Promise<string> {
  const { row, tokens, key } = from;
  if (row.usedAt === null) await row.update({ usedAt: new Date() }, { transaction });
  const next = createHmac('sha256', key).update(`after ${from.token}`).digest('base64url');
  const nextRow = tokens.get(hashToken(next));
  // the successor of a token of an earlier version is random and cannot be derived
  if (nextRow === undefined) await saveRefreshToken(models, row, next, transaction);
  else if (!isValid(nextRow))
    return createSuccessor(models, { ...from, token: next, row: nextRow }, transaction);
  return next;
}

function isValid({ usedAt, revokedAt }: RefreshTokenRow): boolean {
  return usedAt === null && revokedAt === null;
}

function isWithinGrace({ usedAt, revokedAt }: RefreshTokenRow): boolean {
  return usedAt !== null && revokedAt === null && Date.now() - usedAt.getTime() <= GRACE_MS;
}

async function saveRefreshToken(
  models: Models,
  { userId, family }: Pick<RefreshTokenRow, 'userId' | 'family'>,
  token: string,
  transaction: Transaction,
): Promise<void> {
  await models.RefreshToken.create(
    {
      userId,
      family,
      tokenHash: hashToken(token),
      expiresAt: new Date(Date.now() + REFRESH_TOKEN_MS),
      usedAt: null,
      revokedAt: null,
    },
    { transaction },
  );
}

async function revokeReused(
  models: Models,
  row: RefreshTokenRow,
  transaction: Transaction,
): Promise<Refreshed> {
  await revoke(models, { family: row.family }, transaction);
  return {
    error: new ReelmillError('refresh_token_reused', 'This session was used from two places. Log in again.'),
  };
}

async function revoke(
  models: Models,
  which: { family: string } | { userId: number },
  transaction?: Transaction,
): Promise<void> {
  await models.RefreshToken.update(
    { revokedAt: new Date() },
    { where: { ...which, revokedAt: null }, ...(transaction ? { transaction } : {}) },
  );
}

function serializeSession(
  user: UserRow,
  { family, refreshToken }: { family: string; refreshToken: string },
  secret: string,
): Session {
  return {
    token: signAccessToken({ userId: user.id, epoch: user.sessionEpoch, session: family }, secret),
    refresh_token: refreshToken,
    expires_in: ACCESS_TOKEN_SECONDS,
    user: serializeUser(user),
  };
}

function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

function invalidToken(): ReelmillError {
  return new ReelmillError('refresh_token_invalid', 'The session has ended. Log in again.');
}
