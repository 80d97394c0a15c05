import { createSecretKey, type KeyObject } from 'node:crypto';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import jwt from 'jsonwebtoken';

export const ACCESS_TOKEN_SECONDS = 15 * 60;
const CLAIMS = { issuer: 'reelmill', audience: 'reelmill-api' } as const;

/** The user of a token, and the epoch of the user's sessions that it belongs to. */
export interface TokenSubject {
  userId: number;
  epoch: number;
  /** The session that it belongs to; null for tokens of earlier versions. */
  session: string | null;
}

/** Returns a JWT for the user, valid for 15 minutes. */
export function signAccessToken({ userId, epoch, session }: TokenSubject, secret: string): string {
  return jwt.sign({ epoch, ...(session === null ? {} : { sid: session }) }, secret, {
    ...CLAIMS,
    algorithm: 'HS256',
    subject: String(userId),
    expiresIn: ACCESS_TOKEN_SECONDS,
  });
}

/** Returns the key that verifies tokens. With the bare secret the library would create a key for every token. */
export function accessTokenKey(secret: string): KeyObject {
  return createSecretKey(secret, 'utf8');
}

/** Returns the subject of a valid token. Throws `token_expired`, or `unauthorized` for any other fault. */
export function readAccessToken(token: string, key: KeyObject): TokenSubject {
  try {
    const claims = jwt.verify(token, key, { ...CLAIMS, algorithms: ['HS256'] });
    const { sub, epoch = 0, sid } = typeof claims === 'string' ? {} : claims;
    const session = typeof sid === 'string' ? sid : null;
    const subject = { userId: Number(sub ?? Number.NaN), epoch: Number(epoch), session };
    if (Number.isSafeInteger(subject.userId)) return subject;
  } catch (cause) {
    if (cause instanceof jwt.TokenExpiredError) {
      throw new ReelmillError('token_expired', 'The token has expired. Refresh it or log in again.', {
        cause,
      });
    }
    if (!(cause instanceof jwt.JsonWebTokenError)) throw cause;
  }
  throw new ReelmillError('unauthorized', 'The token is not valid.');
}
