import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import jwt from 'jsonwebtoken';

export const ACCESS_TOKEN_SECONDS = 15 * 60;
const CLAIMS = { issuer: 'reelmill', audience: 'reelmill-api' } as const;

/** A JWT that names the user for 15 minutes. */
export function signAccessToken(userId: number, secret: string): string {
  return jwt.sign({}, secret, {
    ...CLAIMS,
    algorithm: 'HS256',
    subject: String(userId),
    expiresIn: ACCESS_TOKEN_SECONDS,
  });
}

/** The user's id. Throws `token_expired`, or `unauthorized` for everything else that is wrong with a token. */
export function readAccessToken(token: string, secret: string): number {
  try {
    const claims = jwt.verify(token, secret, { ...CLAIMS, algorithms: ['HS256'] });
    const userId = typeof claims === 'string' ? Number.NaN : Number(claims.sub);
    if (Number.isSafeInteger(userId)) return userId;
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
