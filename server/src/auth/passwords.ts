import { randomBytes, randomInt, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import pLimit from 'p-limit';

/** 128 · 2^16 · 8 bytes: every guess takes 64 MiB. */
const PARAMETERS = { log2N: 16, r: 8, p: 2 };
const KEY_BYTES = 32;
const MAX_CONCURRENT = 2;
const MAX_WAITING = 64;

const slots = pLimit(MAX_CONCURRENT);

/** Returns `scrypt$log2N$r$p$salt$key`: the hash keeps its parameters, so that they can be raised later. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password, salt, PARAMETERS);
  const { log2N, r, p } = PARAMETERS;
  return ['scrypt', log2N, r, p, salt.toString('base64url'), key.toString('base64url')].join('$');
}

/** Whether the password matches the hash, in constant time. */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  const [scheme, log2N, r, p, salt, key] = hash.split('$');
  if (scheme !== 'scrypt' || salt === undefined || key === undefined) {
    throw new Error('a stored password hash cannot be read');
  }
  const expected = Buffer.from(key, 'base64url');
  const parameters = { log2N: Number(log2N), r: Number(r), p: Number(p) };
  const actual = await derive(password, Buffer.from(salt, 'base64url'), parameters);
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}

/** Letters and digits that are hard to confuse when they are read aloud or copied by hand. */
const READABLE = 'abcdefghjkmnpqrstuvwxyz23456789';

/** Returns a temporary password such as `tq4mk-x7v9d-2hpnc-wr8eb`: 99 bits. */
export function generatePassword(): string {
  const group = (): string => Array.from({ length: 5 }, () => READABLE[randomInt(READABLE.length)]).join('');
  return Array.from({ length: 4 }, group).join('-');
}

async function derive(password: string, salt: Buffer, { log2N, r, p }: typeof PARAMETERS): Promise<Buffer> {
  const N = 2 ** log2N;
  // keyboards may produce different code points for the same text
  const text = password.normalize('NFC');
  return withSlot(() => runScrypt(text, salt, { N, r, p, maxmem: 128 * N * r + 128 * r * p + 1024 * 1024 }));
}

function runScrypt(password: string, salt: Buffer, options: ScryptOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, KEY_BYTES, options, (error, key) => (error ? reject(error) : resolve(key)));
  });
}

/** Limits concurrent hashes: a burst of logins would use up the memory and the thread pool. */
function withSlot<T>(work: () => Promise<T>): Promise<T> {
  if (slots.pendingCount < MAX_WAITING) return slots(work);
  const message = 'Too many people are logging in right now. Try again shortly.';
  throw new ReelmillError('rate_limited', message, { retryAfterSeconds: 5 });
}
