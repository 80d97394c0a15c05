import { createHash, randomBytes, randomInt, timingSafeEqual } from 'node:crypto';

const TOKEN_BYTES = 18;
const MAX_VERSION = 2 ** 31;

/** Returns a token for the link of an unlisted video: 144 random bits, 24 characters that need no escaping. */
export function newLinkToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

/** Returns a random link version; the chance that a signed link of the video has it already is one in two billion. */
export function newLinkVersion(): number {
  return randomInt(1, MAX_VERSION);
}

/**
 * Whether both are the same token, in constant time: it compares hashes. The video is found by its number and not by its
 * token, so that the time of an index lookup reveals nothing of the token either.
 */
export function isSameToken(candidate: string, expected: string): boolean {
  return timingSafeEqual(digest(candidate), digest(expected));
}

const digest = (token: string) => createHash('sha256').update(token).digest();
