import type { MantineColorScheme, MantineColorSchemeManager } from '@mantine/core';
import type { Settings } from '../../contracts/desktop.ts';
import { type SettingsStore, settingsStore, updateSettings } from '../settings/settingsStore.ts';

/** Keeps Mantine's colour scheme in the app's settings, where the main process follows it too. */
export function settingsColorScheme(store: SettingsStore = settingsStore): MantineColorSchemeManager {
  let stop = (): void => {};
  const read = (): MantineColorScheme => toScheme(store.getState().settings.theme);
  return {
    get: read,
    set: (scheme) => {
      const theme = scheme === 'auto' ? 'system' : scheme;
      // one that comes from the settings needs no saving; a failure shows in the settings
      if (store.getState().settings.theme !== theme) updateSettings({ theme }, store).catch(() => undefined);
    },
    subscribe: (onUpdate) => {
      stop = store.subscribe((state, before) => {
        if (state.settings.theme !== before.settings.theme) onUpdate(read());
      });
    },
    unsubscribe: () => stop(),
    clear: () => undefined,
  };
}

function toScheme(theme: Settings['theme']): MantineColorScheme {
  return theme === 'system' ? 'auto' : theme;
}
