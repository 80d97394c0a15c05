import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import i18next from 'i18next';
import { errors } from '../../i18n/en/errors.ts';

type TranslatedCode = keyof typeof errors;

/** Returns the text for an error in the language of the app; without a text for its code, the error's own message. */
export function errorMessage(error: unknown): string {
  if (!(error instanceof ReelmillError)) return i18next.t('errors:internal');
  return failureMessage(error.code, error.message);
}

/** The same for a code and a message. */
export function failureMessage(code: string, message: string): string {
  return isTranslated(code) ? i18next.t(`errors:${code}`) : message;
}

function isTranslated(code: string): code is TranslatedCode {
  return Object.hasOwn(errors, code);
}
