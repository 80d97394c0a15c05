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
 * A login begins a family of refresh tokens. A token is good once: using it makes the next of its family. One that is
 * used a second time was copied by somebody, so the whole family ends, and with it both the thief and the owner.
 *
 * But two programs or tabs of one user may come with the same token at once, or a response may be lost on its way. So
 * for a short grace a used token is as good as the token that followed from it, and leads to the same successor: each
 * token is derived from the one before it with a key of this installation, so it can be given again though only its
 * hash is kept. Of an owner and a thief one is found out as soon as the other has been a grace ahead.
 */

export const REFRESH_TOKEN_MS = 30 * 24 * 3600 * 1000;
/** A client that waits 30 s for a response has tried again by then. */
const GRACE_MS = 60_000;

type Context = Pick<ServerContext, 'database' | 'secrets'>;
type Refreshed = { user: UserRow; family: string; refreshToken: string } | { refused: ReelmillError };

/**
 * A new session of its own, for a user whose password was right when the row was read. Throws `wrong_credentials` where
 * all sessions were ended since then: that password may be the one that was replaced.
 */
export async function beginSession({ database, secrets }: Context, user: UserRow): Promise<Session> {
  const { models } = database;
  const family = randomUUID();
  const refreshToken = await database.transaction(async (transaction) => {
    const { id, sessionEpoch } = user;
    // the lock keeps this session from beginning beside the end of all others
    const lock = transaction.LOCK.UPDATE;
    const known = await models.User.findOne({ where: { id, sessionEpoch }, transaction, lock });
    if (known === null) throw new ReelmillError('wrong_credentials', 'The password was changed just now.');
    const token = randomBytes(32).toString('base64url');
    await saveRefreshToken(models, { userId: id, family }, token, transaction);
    return token;
  });
  return describeSession(user, { family, refreshToken }, secrets.accessTokens);
}

/**
 * The session that follows. Throws `refresh_token_invalid`, `account_disabled`, or `refresh_token_reused` for a token
 * that was used longer ago than the grace, whose family is revoked by then.
 */
export async function refreshSession({ database, secrets }: Context, token: string): Promise<Session> {
  const { models } = database;
  // refusals are returned, not thrown, inside: what they revoke must be committed
  const outcome = await database.transaction(async (transaction): Promise<Refreshed> => {
    const locked = await lockFamily(models, token, transaction);
    const row = locked?.tokens.get(hashToken(token));
    // a family that was ended as a whole has nothing that is good any more
    if (!locked || !row || ![...locked.tokens.values()].some(isGood)) return { refused: invalidToken() };
    const { user, tokens } = locked;
    if (user.disabledAt !== null) {
      return { refused: new ReelmillError('account_disabled', 'This account has been disabled.') };
    }
    if (!isGood(row) && !isWithinGrace(row)) return revokeReused(models, row, transaction);
    const refreshToken = await follow(
      models,
      { token, row, tokens, key: secrets.refreshTokens },
      transaction,
    );
    return { user, family: row.family, refreshToken };
  });
  if ('refused' in outcome) throw outcome.refused;
  return describeSession(outcome.user, outcome, secrets.accessTokens);
}

/** Ends the family of a token; one that is not known is over already. */
export async function endSession({ database }: Context, token: string): Promise<void> {
  const { models } = database;
  await database.transaction(async (transaction) => {
    const locked = await lockFamily(models, token, transaction);
    const row = locked?.tokens.get(hashToken(token));
    if (row !== undefined) await revoke(models, { family: row.family }, transaction);
  });
}

/**
 * Ends every session of a user: neither refresh nor access tokens count any more. Once committed, the caller says so by
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
 * Of those who were let in earlier, everybody whose account has changed what it may do, or whose session has ended since:
 * their access tokens may be valid for some minutes more.
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
  const going = await models.RefreshToken.findAll({
    attributes: ['family'],
    where: { family: [...new Set(names)], usedAt: null, revokedAt: null, expiresAt: { [Op.gt]: new Date() } },
  });
  const byId = new Map(users.map((user) => [user.id, user]));
  const families = new Set(going.map(({ family }) => family));
  return new Set(
    identities.filter(({ userId, role, epoch, session }) => {
      const user = byId.get(userId);
      if (user === undefined || user.disabledAt !== null || user.role !== role) return true;
      return user.sessionEpoch !== epoch || (session !== null && !families.has(session));
    }),
  );
}

/** Forgets tokens that have been over for so long that nobody can present them. */
export async function removeExpiredTokens(models: Models, now: Date): Promise<void> {
  await models.RefreshToken.destroy({ where: { expiresAt: { [Op.lt]: now } } });
  await models.LoginAttempt.destroy({ where: { windowEndsAt: { [Op.lt]: now } } });
  await models.KnownDevice.destroy({ where: { expiresAt: { [Op.lt]: now } } });
}

/**
 * The user of a token, and what has not expired of its family by hash; null for an unknown token. Whoever comes with
 * another of this user's tokens, or would end their sessions, waits.
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

/** Uses a token; returns the newest that followed from it, a new one where there is none yet. */
async function follow(
  models: Models,
  from: { token: string; row: RefreshTokenRow; tokens: ReadonlyMap<string, RefreshTokenRow>; key: string },
  transaction: Transaction,
): Promise<string> {
  const { row, tokens, key } = from;
  if (row.usedAt === null) await row.update({ usedAt: new Date() }, { transaction });
  const next = createHmac('sha256', key).update(`after ${from.token}`).digest('base64url');
  const nextRow = tokens.get(hashToken(next));
  // a token of an earlier version has a successor that was drawn, and that nobody can tell again
  if (nextRow === undefined) await saveRefreshToken(models, row, next, transaction);
  else if (!isGood(nextRow)) return follow(models, { ...from, token: next, row: nextRow }, transaction);
  return next;
}

function isGood({ usedAt, revokedAt }: RefreshTokenRow): boolean {
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
    refused: new ReelmillError(
      'refresh_token_reused',
      'This session was used from two places; log in again.',
    ),
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

function describeSession(
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
  return new ReelmillError('refresh_token_invalid', 'The session is over; log in again.');
}
