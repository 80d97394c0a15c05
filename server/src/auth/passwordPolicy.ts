import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';

/** What counts is what can be seen: neither spaces around it nor characters that take no room. */
const MIN_VISIBLE_CHARACTERS = 8;
/** Longer ones of the list are hardly guessed; shorter ones are too short for any account. */
const MIN_LISTED_CHARACTERS = 8;
/** A password that is one piece of so many characters, again and again, is guessed as soon as the piece. */
const REPEATED_PIECE = /^(.{1,4}?)\1+.{0,3}$/su;
/** What people put behind a common password to make it another one. */
const SUFFIX = /[^\p{L}]{1,4}$/u;

export interface PasswordOwner {
  email: string;
  nickname?: string | undefined;
}

/**
 * Throws `password_too_weak` for a new password that is among the most common ones, is the owner's own e-mail address or
 * name, or repeats a few characters. Passwords that are in use already are not looked at.
 */
export async function assertStrongPassword(password: string, owner: PasswordOwner): Promise<void> {
  const text = normalize(password);
  if ([...text].length < MIN_VISIBLE_CHARACTERS) {
    throw tooWeak(`has fewer than ${MIN_VISIBLE_CHARACTERS} visible characters`);
  }
  if (REPEATED_PIECE.test(text)) throw tooWeak('repeats the same few characters');
  const names = [owner.email, owner.email.split('@', 1).join(''), owner.nickname ?? ''].map(normalize);
  if (names.includes(text)) throw tooWeak('is your own name or e-mail address');
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

/** Read when a password is first chosen: most processes never need the list. */
function loadCommonPasswords(): Promise<ReadonlySet<string>> {
  loading ??= import('@zxcvbn-ts/language-common').then(({ dictionary }) => {
    const listed = dictionary['passwords-common'].map((text) => text.toLowerCase());
    return new Set(listed.filter((text) => text.length >= MIN_LISTED_CHARACTERS));
  });
  return loading;
}
