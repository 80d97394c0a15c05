import type { ErrorCode } from '@reelmill/shared/contracts/errors.ts';
import { createInstance } from 'i18next';
import type { Language, Settings } from '../../contracts/desktop.ts';
import { errors as englishErrors } from '../../i18n/en/errors.ts';
import { main as english } from '../../i18n/en/main.ts';
import type { TextKey } from '../../i18n/translation.ts';
import { errors as chineseErrors } from '../../i18n/zh-CN/errors.ts';
import { main as chinese } from '../../i18n/zh-CN/main.ts';

/** Returns a text of the main process in one language; `count` selects the plural form. */
export type Translate = (
  key: TextKey<typeof english>,
  values?: Readonly<Record<string, string | number>>,
) => string;

const ERRORS = { en: englishErrors, 'zh-CN': chineseErrors };

const texts = createInstance({
  resources: { en: { main: english }, 'zh-CN': { main: chinese } },
  fallbackLng: 'en',
  ns: 'main',
  defaultNS: 'main',
  // menus and notifications show texts as they are
  interpolation: { escapeValue: false },
  initAsync: false,
});
void texts.init();

export function translate(language: Language): Translate {
  const t = texts.getFixedT(language, 'main');
  return (key, values) => t(key, values ?? {});
}

/** Returns the app's text for the code of an error; without one, the error's own message. */
export function errorMessage(
  language: Language,
  { code, message }: { code: ErrorCode; message: string },
): string {
  const known: Partial<Record<ErrorCode, string>> = ERRORS[language];
  return known[code] ?? message;
}

/** Returns the chosen language, or the first of the system's languages that there are texts in. */
export function chooseLanguage(setting: Settings['language'], systemLanguages: readonly string[]): Language {
  if (setting !== 'system') return setting;
  for (const tag of systemLanguages.map((one) => one.toLowerCase())) {
    if (tag === 'zh' || tag.startsWith('zh-')) return 'zh-CN';
    if (tag === 'en' || tag.startsWith('en-')) return 'en';
  }
  return 'en';
}
