import { useStore } from 'zustand';
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { AppInfo, UpdateState } from '../../contracts/desktop.ts';
import { call, on } from '../ipc/bridge.ts';

/** The app's version and system, and the state of its updates. */
export interface AppInfoState {
  info: AppInfo;
  update: UpdateState;
}
export type AppInfoStore = StoreApi<AppInfoState>;

/** Creates a store, for tests; the app uses `appInfoStore`. */
export function createAppInfoStore(): AppInfoStore {
  return createStore<AppInfoState>()(() => ({
    info: { version: '', platform: '', language: 'en', sessionStorage: 'keyring' },
    update: { status: 'off', version: null, message: null },
  }));
}

export const appInfoStore = createAppInfoStore();

export function useAppInfo(): AppInfo {
  return useStore(appInfoStore, (state) => state.info);
}

export function useUpdate(): UpdateState {
  return useStore(appInfoStore, (state) => state.update);
}

/** Loads the app's facts from the main process and follows the updates. Returns a function that ends it. */
export async function connectAppInfo(store: AppInfoStore = appInfoStore): Promise<() => void> {
  const stop = on('updates.changed', (update) => store.setState({ update }));
  try {
    const [info, update] = await Promise.all([call('app.info'), call('updates.get')]);
    store.setState({ info, update });
    return stop;
  } catch (error) {
    stop();
    throw error;
  }
}

/** Reloads the facts, after the language was changed. */
export async function reloadAppInfo(store: AppInfoStore = appInfoStore): Promise<void> {
  store.setState({ info: await call('app.info') });
}

export async function checkForUpdate(store: AppInfoStore = appInfoStore): Promise<void> {
  store.setState({ update: await call('updates.check') });
}
