import type { Video, VideoList } from '@reelmill/shared/contracts/videos.ts';
import { useStore } from 'zustand';
import { createStore, type StoreApi } from 'zustand/vanilla';
import { call } from '../ipc/bridge.ts';
import {
  keepNear,
  keepShown,
  PAGE_SIZE,
  type Pages,
  pagesOf,
  putPage,
  type Range,
  removeVideo,
  replaceVideo,
  videoAt,
} from './pages.ts';
import { EVERYTHING, isSameQuery, type LibraryQuery, listArgs } from './query.ts';

/** A page that is older than this is loaded again when it becomes visible. */
const FRESH_MS = 30_000;

/**
 * The videos of the account, page by page.
 *
 *   loading (total null) ──▶ shown ──another query──▶ outdated ──▶ shown
 */
export interface LibraryState {
  query: LibraryQuery;
  /** Number of videos of the query; null until the first response. */
  total: number | null;
  pages: Pages;
  shown: Range;
  /** Whether the videos shown are still those of the previous query. */
  outdated: boolean;
  /** The error of the last page; null where it was loaded. */
  failure: unknown;
  /** The scroll position and the opened video, to return to. */
  place: { scrollTop: number; videoId: number | null };
  setQuery: (change: Partial<LibraryQuery>) => void;
  /** Loads the missing pages of a range. */
  show: (range: Range) => void;
  /** Reloads the visible pages. */
  refresh: () => Promise<void>;
  replace: (video: Video) => void;
  /** Removes a deleted video. */
  remove: (videoId: number) => void;
  leave: (place: LibraryState['place']) => void;
}

export type LibraryStore = StoreApi<LibraryState>;

/** Creates a store, for tests; the app uses `libraryStore`. */
export function createLibraryStore(now: () => number = Date.now): LibraryStore {
  const loading = new Map<number, Promise<void>>();
  const loadedAt = new Map<number, number>();
  /** Incremented to ignore the responses of calls that are still running. */
  let generation = 0;

  return createStore<LibraryState>()((set, get) => {
    const load = (page: number): Promise<void> => {
      const running = loading.get(page);
      if (running !== undefined) return running;
      const begun = loadPage(page).finally(() => {
        if (loading.get(page) === begun) loading.delete(page);
      });
      loading.set(page, begun);
      return begun;
    };

    const loadPage = async (page: number): Promise<void> => {
      const started = generation;
      const args = listArgs(get().query, { limit: PAGE_SIZE, offset: page * PAGE_SIZE });
      try {
        const list = await call('library.list', args);
        if (started === generation) take(page, list);
      } catch (failure) {
        if (started === generation) set({ failure });
      }
    };

    const take = (page: number, { videos, total }: VideoList): void => {
      const { total: before, outdated, shown, pages } = get();
      const shifted = before !== null && before !== total;
      // videos of other pages may have moved
      const kept = outdated ? new Map() : shifted ? keepShown(pages, shown) : pages;
      loadedAt.set(page, now());
      set({
        pages: keepNear(putPage(kept, page, videos), shown),
        total,
        outdated: false,
        failure: null,
      });
      if (shifted && !outdated) for (const other of pagesOf(shown)) if (other !== page) void load(other);
    };

    const ignorePending = (): void => {
      generation += 1;
      loading.clear();
    };

    const isFresh = (page: number): boolean =>
      get().pages.has(page) && now() - (loadedAt.get(page) ?? 0) < FRESH_MS;

    return {
      query: EVERYTHING,
      total: null,
      pages: new Map(),
      shown: { first: 0, last: 0 },
      outdated: false,
      failure: null,
      place: { scrollTop: 0, videoId: null },

      setQuery: (change) => {
        const query = { ...get().query, ...change };
        if (isSameQuery(query, get().query)) return;
        ignorePending();
        set({
          query,
          outdated: get().total !== null,
          shown: { first: 0, last: 0 },
          place: { scrollTop: 0, videoId: null },
          failure: null,
        });
        void load(0);
      },

      show: (shown) => {
        set({ shown });
        // the pages of a new query are unknown until its first response
        const wanted = get().outdated ? [0] : pagesOf(shown);
        for (const page of wanted) if (!isFresh(page)) void load(page);
      },

      refresh: async () => {
        const wanted = get().outdated ? [0] : pagesOf(get().shown);
        await Promise.all(wanted.map(load));
      },

      replace: (video) => set({ pages: replaceVideo(get().pages, video) }),

      remove: (videoId) => {
        ignorePending();
        const { pages, shown, total } = get();
        set({
          pages: keepShown(removeVideo(pages, videoId), shown),
          total: total === null ? null : Math.max(0, total - 1),
        });
        void get().refresh();
      },

      leave: (place) => set({ place }),
    };
  });
}

export const libraryStore = createLibraryStore();

/** Returns what `select` picks; components only render again when that changes. */
export function useLibrary<Selected>(select: (state: LibraryState) => Selected): Selected {
  return useStore(libraryStore, select);
}

/** Whether a visible video is still being uploaded or processed. */
export function hasActiveVideos({ pages, shown, total }: LibraryState): boolean {
  const last = Math.min(shown.last, (total ?? 0) - 1);
  for (let index = shown.first; index <= last; index += 1) {
    const status = videoAt(pages, index)?.status;
    if (status === 'transcoding' || status === 'uploading') return true;
  }
  return false;
}
