import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import type { Language } from '../../contracts/desktop.ts';
import { RESOURCES, type Texts } from '../../i18n/resources.ts';

declare module 'i18next' {
  /** Makes keys and their variables known to the compiler. */
  interface CustomTypeOptions {
    defaultNS: 'common';
    resources: Texts;
  }
}

/** Loads the texts synchronously, in the browser's language until the chosen one is known. */
export function startTexts(): void {
  void i18next.use(initReactI18next).init({
    resources: RESOURCES,
    lng: navigator.language.startsWith('zh') ? 'zh-CN' : 'en',
    fallbackLng: 'en',
    defaultNS: 'common',
    // React escapes what it shows
    interpolation: { escapeValue: false },
    initAsync: false,
  });
}

/** Shows everything in this language from now on, and sets it for screen readers. */
export function showLanguage(language: Language): void {
  document.documentElement.lang = language;
  if (i18next.language !== language) void i18next.changeLanguage(language);
}
