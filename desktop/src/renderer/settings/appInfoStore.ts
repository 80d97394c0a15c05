import type { AppInfo, UpdateState } from '@reelmill/shared/contracts/desktop.ts';
import { useStore } from 'zustand';
import { createStore, type StoreApi } from 'zustand/vanilla';
import { call, on } from '../ipc/bridge.ts';

/** What the app is and whether there is a newer one. */
export interface AppInfoState {
  info: AppInfo;
  update: UpdateState;
}
export type AppInfoStore = StoreApi<AppInfoState>;

/** A store of its own, for tests; the app has `appInfoStore`. */
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

/** Takes everything from the main process and follows the updates; answers the function that ends it. */
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

/** Asks again, after the language was changed. */
export async function reloadAppInfo(store: AppInfoStore = appInfoStore): Promise<void> {
  store.setState({ info: await call('app.info') });
}

export async function checkForUpdate(store: AppInfoStore = appInfoStore): Promise<void> {
  store.setState({ update: await call('updates.check') });
}
