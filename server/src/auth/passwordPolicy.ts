import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';

/** Without surrounding spaces and invisible characters. */
const MIN_VISIBLE_CHARACTERS = 8;
/** Shorter entries of the list are too short for any account. */
const MIN_LISTED_CHARACTERS = 8;
/** A piece of up to four characters that repeats is as easy to guess as the piece itself. */
const REPEATED_PIECE = /^(.{1,4}?)\1+.{0,3}$/su;
/** Characters that people append to a common password. */
const SUFFIX = /[^\p{L}]{1,4}$/u;

export interface PasswordOwner {
  email: string;
  nickname?: string | undefined;
}

/**
 * Throws `password_too_weak` for a new password that is among the most common ones, is the owner's e-mail address or name,
 * or repeats a few characters. Does not apply to passwords that are already in use.
 */
export async function assertStrongPassword(password: string, owner: PasswordOwner): Promise<void> {
  const text = normalize(password);
  if ([...text].length < MIN_VISIBLE_CHARACTERS) {
    throw tooWeak(`has fewer than ${MIN_VISIBLE_CHARACTERS} visible characters`);
  }
  if (REPEATED_PIECE.test(text)) throw tooWeak('repeats the same few characters');
  const names = [owner.email, owner.email.split('@', 1).join(''), owner.nickname ?? ''].map(normalize);
  if (names.includes(text)) throw tooWeak('is your name or e-mail address');
  const common = await loadCommonPasswords();
  if ([text, text.replace(SUFFIX, '')].some((candidate) => common.has(candidate))) {
    throw tooWeak('is one of the most common passwords');
  }
}

function tooWeak(reason: string): ReelmillError {
  return new ReelmillError('password_too_weak', `This password ${reason}. Choose another one.`);
}

const normalize = (text: string): string =>
  text
    .normalize('NFKC')
    .replace(/\p{Cf}/gu, '')
    .trim()
    .toLowerCase();

let loading: Promise<ReadonlySet<string>> | undefined;

/** Loads the list on first use: most processes never need it. */
function loadCommonPasswords(): Promise<ReadonlySet<string>> {
  loading ??= import('@zxcvbn-ts/language-common').then(({ dictionary }) => {
    const listed = dictionary['passwords-common'].map((text) => text.toLowerCase());
    return new Set(listed.filter((text) => text.length >= MIN_LISTED_CHARACTERS));
  });
  return loading;
}
