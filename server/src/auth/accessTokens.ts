import { createSecretKey, type KeyObject } from 'node:crypto';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import jwt from 'jsonwebtoken';

export const ACCESS_TOKEN_SECONDS = 15 * 60;
const CLAIMS = { issuer: 'reelmill', audience: 'reelmill-api' } as const;

/** Whom a token names, and of which epoch of this user's sessions it is. */
export interface TokenSubject {
  userId: number;
  epoch: number;
  /** The session that it belongs to; tokens of earlier versions do not say. */
  session: string | null;
}

/** A JWT that names the user for 15 minutes. */
export function signAccessToken({ userId, epoch, session }: TokenSubject, secret: string): string {
  return jwt.sign({ epoch, ...(session === null ? {} : { sid: session }) }, secret, {
    ...CLAIMS,
    algorithm: 'HS256',
    subject: String(userId),
    expiresIn: ACCESS_TOKEN_SECONDS,
  });
}

/** The key that tokens are verified with. Given the bare secret, the library would look for a key in it every time. */
export function accessTokenKey(secret: string): KeyObject {
  return createSecretKey(secret, 'utf8');
}

/** Throws `token_expired`, or `unauthorized` for everything else that is wrong with a token. */
export function readAccessToken(token: string, key: KeyObject): TokenSubject {
  try {
    const claims = jwt.verify(token, key, { ...CLAIMS, algorithms: ['HS256'] });
    const { sub, epoch = 0, sid } = typeof claims === 'string' ? {} : claims;
    const session = typeof sid === 'string' ? sid : null;
    const subject = { userId: Number(sub ?? Number.NaN), epoch: Number(epoch), session };
    if (Number.isSafeInteger(subject.userId)) return subject;
  } catch (cause) {
    if (cause instanceof jwt.TokenExpiredError) {
      throw new ReelmillError('token_expired', 'The token has expired; refresh it or log in again.', {
        cause,
      });
    }
    if (!(cause instanceof jwt.JsonWebTokenError)) throw cause;
  }
  throw new ReelmillError('unauthorized', 'The token is not valid.');
}
