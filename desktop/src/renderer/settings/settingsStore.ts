import { useStore } from 'zustand';
import { createStore, type StoreApi } from 'zustand/vanilla';
import { DEFAULT_APP_SETTINGS, type Settings, type SettingsPatch } from '../../contracts/desktop.ts';
import { call, on } from '../ipc/bridge.ts';

export interface SettingsState {
  /** What is shown: the saved settings, overridden by changes that are being saved. */
  settings: Settings;
  saved: Settings;
  unsaved: readonly SettingsPatch[];
}

export type SettingsStore = StoreApi<SettingsState>;

/** Creates a store, for tests; the app uses `settingsStore`. */
export function createSettingsStore(): SettingsStore {
  return createStore<SettingsState>()(() => ({
    settings: DEFAULT_APP_SETTINGS,
    saved: DEFAULT_APP_SETTINGS,
    unsaved: [],
  }));
}

export const settingsStore = createSettingsStore();

/** Returns what `select` picks; components only render again when that changes. */
export function useSettings<Selected>(select: (settings: Settings) => Selected): Selected {
  return useStore(settingsStore, (state) => select(state.settings));
}

/** Loads the settings from the main process and follows them. Returns a function that ends it. */
export async function connectSettings(store: SettingsStore = settingsStore): Promise<() => void> {
  const stop = on('settings.changed', (saved) => show(store, { saved }));
  try {
    show(store, { saved: await call('settings.get') });
    return stop;
  } catch (error) {
    stop();
    throw error;
  }
}

/** Shows a change at once and saves it. Where that fails, reverts it and throws the error. */
export async function updateSettings(
  patch: SettingsPatch,
  store: SettingsStore = settingsStore,
): Promise<void> {
  show(store, { unsaved: [...store.getState().unsaved, patch] });
  let saved: Settings | undefined;
  try {
    saved = await call('settings.set', patch);
  } finally {
    const unsaved = store.getState().unsaved.filter((one) => one !== patch);
    show(store, saved === undefined ? { unsaved } : { saved, unsaved });
  }
}

/** Lets the user choose the watch folder. */
export async function pickWatchFolder(store: SettingsStore = settingsStore): Promise<void> {
  show(store, { saved: await call('settings.pickWatchFolder') });
}

function show(store: SettingsStore, change: Partial<Omit<SettingsState, 'settings'>>): void {
  const state = { ...store.getState(), ...change };
  store.setState({ ...state, settings: Object.assign({}, state.saved, ...state.unsaved) });
}
