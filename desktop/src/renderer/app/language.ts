import type { Language } from '../../contracts/desktop.ts';
import { appInfoStore, reloadAppInfo } from '../settings/appInfoStore.ts';
import { settingsStore } from '../settings/settingsStore.ts';
import { showLanguage } from './startTexts.ts';

/** Shows the language of the settings, and follows it. Returns a function that ends it. */
export function followLanguage(): () => void {
  showLanguage(chosenLanguage());
  const stopInfo = appInfoStore.subscribe(() => showLanguage(chosenLanguage()));
  const stopSettings = settingsStore.subscribe((state, before) => {
    if (state.settings.language !== before.settings.language) showLanguage(chosenLanguage());
    // only the main process knows the system's language
    if (state.saved.language !== before.saved.language) reloadAppInfo().catch(() => undefined);
  });
  return () => {
    stopInfo();
    stopSettings();
  };
}

function chosenLanguage(): Language {
  const { language } = settingsStore.getState().settings;
  return language === 'system' ? appInfoStore.getState().info.language : language;
}
