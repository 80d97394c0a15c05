import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { Session } from '@reelmill/shared/contracts/users.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { Op, type Transaction } from 'sequelize';
import type { Models } from '../db/models.ts';
import type { RefreshTokenRow, UserRow } from '../db/rows.ts';
import type { ServerContext } from '../http/context.ts';
import type { Identity } from '../http/route.ts';
import { serializeUser } from '../users/serializeUser.ts';
import { ACCESS_TOKEN_SECONDS, signAccessToken } from './accessTokens.ts';

/*
 * A login begins a family of refresh tokens. A token is good once: using it makes the next of its family. One that is
 * used a second time was copied by somebody, so the whole family ends, and with it both the thief and the owner.
 *
 * But an answer may be lost on its way: then the owner has only the token that was used. So within a short grace it is
 * answered once more, as long as nobody has used what followed from it; what was answered before is superseded, and
 * whoever comes with that ends the family. So of an owner and a thief who both got a token in that time one is found
 * out as soon as he goes on.
 */

const REFRESH_TOKEN_MS = 30 * 24 * 3600 * 1000;
/** A client that waits 30 s for an answer has tried again by then. */
const LOST_ANSWER_MS = 60_000;

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
    return issueRefreshToken(models, id, family, transaction);
  });
  return describeSession(user, { family, refreshToken }, secrets.accessTokens);
}

/**
 * The session that follows. Throws `refresh_token_invalid`, `account_disabled`, or `refresh_token_reused` for a token
 * that was used before and is not answered again, whose family is revoked by then.
 */
export async function refreshSession({ database, secrets }: Context, token: string): Promise<Session> {
  const { models } = database;
  // refusals are answered, not thrown, inside: what they revoke must be committed
  const outcome = await database.transaction(async (transaction): Promise<Refreshed> => {
    const family = await lockFamily(models, hashToken(token), transaction);
    const row = family.find(({ tokenHash }) => tokenHash === hashToken(token));
    // a family that was ended as a whole has nothing that is good any more
    if (row === undefined || !family.some(isGood)) return { refused: invalidToken() };
    if (!isGood(row) && !isLostAnswer(row, family)) return revokeReused(models, row, transaction);
    const now = new Date();
    await models.RefreshToken.update({ usedAt: row.usedAt ?? now }, { where: { id: row.id }, transaction });
    await models.RefreshToken.update(
      { revokedAt: now },
      { where: { family: row.family, usedAt: null, revokedAt: null }, transaction },
    );
    const user = await models.User.findByPk(row.userId, { transaction });
    if (user === null) return { refused: invalidToken() };
    if (user.disabledAt !== null) {
      return { refused: new ReelmillError('account_disabled', 'This account has been disabled.') };
    }
    const { family: name } = row;
    return { user, family: name, refreshToken: await issueRefreshToken(models, user.id, name, transaction) };
  });
  if ('refused' in outcome) throw outcome.refused;
  return describeSession(outcome.user, outcome, secrets.accessTokens);
}

/** Ends the family of a token; one that is not known is over already. */
export async function endSession({ database }: Context, token: string): Promise<void> {
  const row = await database.models.RefreshToken.findOne({ where: { tokenHash: hashToken(token) } });
  if (row !== null) await revoke(database.models, { family: row.family });
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

/** What has not expired of the family of a token; whoever comes with another of it waits. */
async function lockFamily(
  { RefreshToken }: Models,
  tokenHash: string,
  transaction: Transaction,
): Promise<RefreshTokenRow[]> {
  const row = await RefreshToken.findOne({ attributes: ['family'], where: { tokenHash }, transaction });
  if (row === null) return [];
  return RefreshToken.findAll({
    where: { family: row.family, expiresAt: { [Op.gt]: new Date() } },
    order: [['id', 'ASC']],
    transaction,
    lock: transaction.LOCK.UPDATE,
  });
}

function isGood({ usedAt, revokedAt }: RefreshTokenRow): boolean {
  return usedAt === null && revokedAt === null;
}

/** Whether a token was used a moment ago and nobody has gone on from there. */
function isLostAnswer(row: RefreshTokenRow, family: readonly RefreshTokenRow[]): boolean {
  if (row.usedAt === null || row.revokedAt !== null) return false;
  if (Date.now() - row.usedAt.getTime() > LOST_ANSWER_MS) return false;
  return family.every(({ id, usedAt }) => id <= row.id || usedAt === null);
}

async function issueRefreshToken(
  models: Models,
  userId: number,
  family: string,
  transaction?: Transaction,
): Promise<string> {
  const token = randomBytes(32).toString('base64url');
  await models.RefreshToken.create(
    {
      userId,
      family,
      tokenHash: hashToken(token),
      expiresAt: new Date(Date.now() + REFRESH_TOKEN_MS),
      usedAt: null,
      revokedAt: null,
    },
    transaction ? { transaction } : {},
  );
  return token;
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
