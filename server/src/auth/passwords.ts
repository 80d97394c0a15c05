import { randomBytes, randomInt, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import pLimit from 'p-limit';

/** 128 · 2^16 · 8 bytes: every guess takes 64 MiB. */
const PARAMETERS = { log2N: 16, r: 8, p: 2 };
const KEY_BYTES = 32;
const AT_ONCE = 2;
const MAX_WAITING = 64;

const slots = pLimit(AT_ONCE);

/** `scrypt$log2N$r$p$salt$key`: the parameters stay with the hash, so that they can be raised later. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password, salt, PARAMETERS);
  const { log2N, r, p } = PARAMETERS;
  return ['scrypt', log2N, r, p, salt.toString('base64url'), key.toString('base64url')].join('$');
}

/** Whether this password made this hash; takes as long for a wrong one. */
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

/** Letters and digits that are not mistaken for each other when they are read out or copied by hand. */
const READABLE = 'abcdefghjkmnpqrstuvwxyz23456789';

/** A password for somebody to begin with, such as `tq4mk-x7v9d-2hpnc-wr8eb`: 99 bits. */
export function generatePassword(): string {
  const group = (): string => Array.from({ length: 5 }, () => READABLE[randomInt(READABLE.length)]).join('');
  return Array.from({ length: 4 }, group).join('-');
}

async function derive(password: string, salt: Buffer, { log2N, r, p }: typeof PARAMETERS): Promise<Buffer> {
  const N = 2 ** log2N;
  // one text may be written with different code points on different keyboards
  const text = password.normalize('NFC');
  return withSlot(() => runScrypt(text, salt, { N, r, p, maxmem: 128 * N * r + 128 * r * p + 1024 * 1024 }));
}

function runScrypt(password: string, salt: Buffer, options: ScryptOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, KEY_BYTES, options, (error, key) => (error ? reject(error) : resolve(key)));
  });
}

/** Few hashes at a time, or a burst of logins would take all memory and every thread that reads files. */
function withSlot<T>(work: () => Promise<T>): Promise<T> {
  if (slots.pendingCount < MAX_WAITING) return slots(work);
  const message = 'Too many people are logging in right now; try again shortly.';
  throw new ReelmillError('rate_limited', message, { retryAfterSeconds: 5 });
}
