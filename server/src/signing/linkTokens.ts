import { createHash, randomBytes, randomInt, timingSafeEqual } from 'node:crypto';

const TOKEN_BYTES = 18;
const MAX_VERSION = 2 ** 31;

/** Returns a token for the link of an unlisted video: 144 random bits, 24 characters that need no escaping. */
export function newLinkToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

/** Returns a link version that no signed link of the video has, but for one chance in two thousand million. */
export function newLinkVersion(): number {
  return randomInt(1, MAX_VERSION);
}

/**
 * Whether both are the same token. The video is found by its number and the token compared here, so no index of the
 * database tells by its speed how much of a guess was right; hashes are compared, so neither does this.
 */
export function isSameToken(given: string, expected: string): boolean {
  return timingSafeEqual(digest(given), digest(expected));
}

const digest = (token: string) => createHash('sha256').update(token).digest();
