import {
  DEFAULT_APP_SETTINGS,
  type Settings,
  type SettingsPatch,
} from '@reelmill/shared/contracts/desktop.ts';
import { useStore } from 'zustand';
import { createStore, type StoreApi } from 'zustand/vanilla';
import { call, on } from '../ipc/bridge.ts';

export interface SettingsState {
  /** What is shown: the kept settings, and over them the changes that are not answered yet. */
  settings: Settings;
  kept: Settings;
  unsaved: readonly SettingsPatch[];
}

export type SettingsStore = StoreApi<SettingsState>;

/** A store of its own, for tests; the app has `settingsStore`. */
export function createSettingsStore(): SettingsStore {
  return createStore<SettingsState>()(() => ({
    settings: DEFAULT_APP_SETTINGS,
    kept: DEFAULT_APP_SETTINGS,
    unsaved: [],
  }));
}

export const settingsStore = createSettingsStore();

/** Components are rendered again only when what they select changes. */
export function useSettings<Selected>(select: (settings: Settings) => Selected): Selected {
  return useStore(settingsStore, (state) => select(state.settings));
}

/** Takes the settings from the main process and follows them; answers the function that ends it. */
export async function connectSettings(store: SettingsStore = settingsStore): Promise<() => void> {
  const stop = on('settings.changed', (kept) => show(store, { kept }));
  try {
    show(store, { kept: await call('settings.get') });
    return stop;
  } catch (error) {
    stop();
    throw error;
  }
}

/** Shows a change at once and keeps it; where it cannot be kept, it is taken back and the failure thrown. */
export async function changeSettings(
  patch: SettingsPatch,
  store: SettingsStore = settingsStore,
): Promise<void> {
  show(store, { unsaved: [...store.getState().unsaved, patch] });
  let kept: Settings | undefined;
  try {
    kept = await call('settings.set', patch);
  } finally {
    const unsaved = store.getState().unsaved.filter((one) => one !== patch);
    show(store, kept === undefined ? { unsaved } : { kept, unsaved });
  }
}

/** Lets the user choose the watch folder. */
export async function pickWatchFolder(store: SettingsStore = settingsStore): Promise<void> {
  show(store, { kept: await call('settings.pickWatchFolder') });
}

function show(store: SettingsStore, change: Partial<Omit<SettingsState, 'settings'>>): void {
  const state = { ...store.getState(), ...change };
  store.setState({ ...state, settings: Object.assign({}, state.kept, ...state.unsaved) });
}
