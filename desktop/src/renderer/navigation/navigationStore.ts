import { useStore } from 'zustand';
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { View } from '../../contracts/desktop.ts';
import { on } from '../ipc/bridge.ts';

/** What is shown. `videoId` is the video whose details the library shows; null for its grid. */
export interface NavigationState {
  view: View;
  videoId: number | null;
}
export type NavigationStore = StoreApi<NavigationState>;

/** Creates a store, for tests; the app uses `navigationStore`. */
export function createNavigationStore(): NavigationStore {
  return createStore<NavigationState>()(() => ({ view: 'queue', videoId: null }));
}

export const navigationStore = createNavigationStore();

export function useNavigation(): NavigationState {
  return useStore(navigationStore);
}

/** Shows a view in its initial state: the library with its grid. */
export function openView(view: View, store: NavigationStore = navigationStore): void {
  store.setState({ view, videoId: null });
}

/** Shows the details of a video. */
export function openVideo(videoId: number, store: NavigationStore = navigationStore): void {
  store.setState({ view: 'library', videoId });
}

/** Navigates on events of the menu, the tray and notifications. Returns a function that ends it. */
export function connectNavigation(store: NavigationStore = navigationStore): () => void {
  return on('app.navigate', ({ view, videoId }) => {
    store.setState({ view, videoId: view === 'library' ? videoId : null });
  });
}
