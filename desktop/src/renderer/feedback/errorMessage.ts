import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import i18next from 'i18next';
import { errors } from '../../i18n/en/errors.ts';

type TranslatedCode = keyof typeof errors;

/** What went wrong in the language of the app; in the words of whoever reported it where there are none for its code. */
export function errorMessage(error: unknown): string {
  if (!(error instanceof ReelmillError)) return i18next.t('errors:internal');
  return failureMessage(error.code, error.message);
}

/** As `errorMessage`, of a code and a message that came as data. */
export function failureMessage(code: string, message: string): string {
  return isTranslated(code) ? i18next.t(`errors:${code}`) : message;
}

function isTranslated(code: string): code is TranslatedCode {
  return Object.hasOwn(errors, code);
}
