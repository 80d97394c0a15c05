import { LIMITS } from '@reelmill/shared/contracts/limits.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { IpcArgs } from '../../contracts/ipc.ts';

/** The values of the form; the nickname only for a registration. */
export interface Credentials {
  serverUrl: string;
  nickname: string;
  email: string;
  password: string;
}
export type Field = keyof Credentials;
export type Mode = 'signIn' | 'register';

/** A text of the namespace `signIn`, or an error, whose text is found by its code. */
export type Problem =
  | { text: PlainText }
  | { text: CountedText; count: number }
  | { text: 'problem.rateLimitedFor'; seconds: number }
  | { code: string; message: string };

type PlainText =
  | 'problem.serverMissing'
  | 'problem.addressInvalid'
  | 'problem.notAServer'
  | 'problem.unreachable'
  | 'problem.timeout'
  | 'problem.unavailable'
  | 'problem.certificate'
  | 'problem.credentials'
  | 'problem.currentPassword'
  | 'problem.rateLimited'
  | 'nickname.missing'
  | 'email.missing'
  | 'email.invalid'
  | 'password.missing';
type CountedText = 'nickname.tooLong' | 'password.tooShort' | 'password.tooLong';

/** Problems by field; those of no single field are under `form`. */
export type Problems = Partial<Record<Field | 'form', Problem>>;

/** Returns the problems that the form finds before it is sent. */
export function checkCredentials(entered: Credentials, mode: Mode): Problems {
  const problems: Problems = {};
  const email = entered.email.trim();
  if (entered.serverUrl.trim() === '') problems.serverUrl = { text: 'problem.serverMissing' };
  if (mode === 'register') {
    const nickname = checkNickname(entered.nickname.trim());
    if (nickname !== null) problems.nickname = nickname;
  }
  if (email === '') problems.email = { text: 'email.missing' };
  else if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email)) problems.email = { text: 'email.invalid' };
  const password = checkPassword(entered.password, mode);
  if (password !== null) problems.password = password;
  return problems;
}

function checkNickname(nickname: string): Problem | null {
  if (nickname === '') return { text: 'nickname.missing' };
  const count = LIMITS.nicknameCharacters;
  return nickname.length > count ? { text: 'nickname.tooLong', count } : null;
}

/** An existing password may be shorter than a new one must be: the server decides. */
function checkPassword(password: string, mode: Mode): Problem | null {
  const { min, max } = LIMITS.passwordCharacters;
  if (password === '') return { text: 'password.missing' };
  if (password.length > max) return { text: 'password.tooLong', count: max };
  return mode === 'register' && password.length < min ? { text: 'password.tooShort', count: min } : null;
}

export type PasswordChange = IpcArgs<'session.changePassword'>;
export type PasswordProblems = Partial<Record<keyof PasswordChange | 'form', Problem>>;

/** Returns the problems of a new password before it is sent. */
export function checkPasswordChange({ current, next }: PasswordChange): PasswordProblems {
  const problems: PasswordProblems = {};
  const count = LIMITS.passwordCharacters.min;
  const ofNext =
    next === '' ? { text: 'password.tooShort' as const, count } : checkPassword(next, 'register');
  if (current === '') problems.current = { text: 'password.missing' };
  if (ofNext !== null) problems.next = ofNext;
  return problems;
}

/** Returns the failure of a password change by the field that it belongs to. */
export function placeChangeFailure(error: unknown): PasswordProblems {
  const isWrong = error instanceof ReelmillError && error.code === 'wrong_credentials';
  return isWrong ? { current: { text: 'problem.currentPassword' } } : { form: toProblem(error) };
}

/** Returns why no Reelmill server was found at an address. */
export function toProblem(error: unknown): Problem {
  if (!(error instanceof ReelmillError)) return { code: 'internal', message: String(error) };
  switch (error.code) {
    case 'validation_failed':
      return { text: 'problem.addressInvalid' };
    case 'not_a_server':
      return { text: 'problem.notAServer' };
    case 'network':
      return { text: 'problem.unreachable' };
    case 'timeout':
      return { text: 'problem.timeout' };
    case 'unavailable':
      return { text: 'problem.unavailable' };
    case 'certificate_invalid':
      return { text: 'problem.certificate' };
    case 'rate_limited':
      return toRateLimitProblem(error);
    default:
      return { code: error.code, message: error.message };
  }
}

/** Returns the failure of signing in or registering by the field that it belongs to. */
export function placeFailure(error: unknown): Problems {
  const problem = toProblem(error);
  if (!(error instanceof ReelmillError)) return { form: problem };
  switch (error.code) {
    case 'not_a_server':
    case 'network':
    case 'timeout':
    case 'unavailable':
    case 'certificate_invalid':
      return { serverUrl: problem };
    case 'wrong_credentials':
      return { password: { text: 'problem.credentials' } };
    case 'email_taken':
      return { email: problem };
    case 'validation_failed':
      return placeValidationFailure(error.message);
    default:
      return { form: problem };
  }
}

/** The message for an invalid argument begins with its name; that for an invalid address begins with a text of its own. */
function placeValidationFailure(message: string): Problems {
  if (/^(account\.)?email\b/.test(message)) return { email: { text: 'email.invalid' } };
  if (/^(serverUrl|The server address)\b/.test(message))
    return { serverUrl: { text: 'problem.addressInvalid' } };
  return { form: { code: 'validation_failed', message } };
}

function toRateLimitProblem({ retryAfterSeconds }: ReelmillError): Problem {
  if (retryAfterSeconds === undefined) return { text: 'problem.rateLimited' };
  return { text: 'problem.rateLimitedFor', seconds: retryAfterSeconds };
}
