import { useStore } from 'zustand';
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { WatchState } from '../../contracts/desktop.ts';
import { call, on } from '../ipc/bridge.ts';

export type WatchFolderStore = StoreApi<WatchState>;

/** Creates a store, for tests; the app uses `watchFolderStore`. */
export function createWatchFolderStore(): WatchFolderStore {
  return createStore<WatchState>()(() => ({ status: 'off' }));
}

export const watchFolderStore = createWatchFolderStore();

export function useWatchStatus(): WatchState['status'] {
  return useStore(watchFolderStore, ({ status }) => status);
}

/** Loads the state of the watch folder from the main process and follows it. Returns a function that ends it. */
export async function connectWatchFolder(store: WatchFolderStore = watchFolderStore): Promise<() => void> {
  const stop = on('watchFolder.changed', (state) => store.setState(state));
  try {
    store.setState(await call('watchFolder.get'));
    return stop;
  } catch (error) {
    stop();
    throw error;
  }
}
