import type { WatchState } from '@reelmill/shared/contracts/desktop.ts';
import { useStore } from 'zustand';
import { createStore, type StoreApi } from 'zustand/vanilla';
import { call, on } from '../ipc/bridge.ts';

export type WatchFolderStore = StoreApi<WatchState>;

/** A store of its own, for tests; the app has `watchFolderStore`. */
export function createWatchFolderStore(): WatchFolderStore {
  return createStore<WatchState>()(() => ({ status: 'off' }));
}

export const watchFolderStore = createWatchFolderStore();

export function useWatchStatus(): WatchState['status'] {
  return useStore(watchFolderStore, ({ status }) => status);
}

/** Takes from the main process how it stands with the watch folder and follows it; answers the function that ends it. */
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
