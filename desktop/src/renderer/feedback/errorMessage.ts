import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import i18next from 'i18next';
import { errors } from '../../i18n/en/errors.ts';

type WordedCode = keyof typeof errors;

/** What went wrong in the language of the app; in the words of whoever reported it where there are none for its code. */
export function wordError(error: unknown): string {
  if (!(error instanceof ReelmillError)) return i18next.t('errors:internal');
  return wordFailure(error.code, error.message);
}

/** As `wordError`, of a code and a message that came as data. */
export function wordFailure(code: string, message: string): string {
  return isWorded(code) ? i18next.t(`errors:${code}`) : message;
}

function isWorded(code: string): code is WordedCode {
  return Object.hasOwn(errors, code);
}
