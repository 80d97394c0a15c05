import type { IpcArgs } from '@reelmill/shared/contracts/ipc.ts';
import type { Video, VideoDetail } from '@reelmill/shared/contracts/videos.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { createStore, type StoreApi } from 'zustand/vanilla';
import { call } from '../ipc/bridge.ts';
import { type LibraryStore, libraryStore } from './libraryStore.ts';

/**
 * One video while its details are shown. Throws of the methods but `load` are for whoever calls them to show.
 *
 *   loading (video null) ──▶ shown ──deleted here or elsewhere──▶ gone
 */
export interface VideoState {
  video: Video | null;
  /** From the largest to the smallest. */
  qualities: readonly string[];
  /** Why it could not be had, last time. */
  failure: unknown;
  gone: boolean;
  load: () => Promise<void>;
  update: (patch: IpcArgs<'library.update'>['patch']) => Promise<void>;
  /** Answers whether the video was private and is unlisted now. */
  copyLink: () => Promise<boolean>;
  /** Revokes the links to the video; the new one of an unlisted video is on the clipboard then. */
  renewLink: () => Promise<void>;
  retry: () => Promise<void>;
  cancel: () => Promise<void>;
  delete: () => Promise<void>;
  /** A master playlist's link that is fresh, for the player. */
  fetchPlaybackUrl: () => Promise<string>;
}

export type VideoStore = StoreApi<VideoState>;

/** The grid is told of every change. */
export function createVideoStore(videoId: number, library: LibraryStore = libraryStore): VideoStore {
  return createStore<VideoState>()((set, get) => {
    /** Grows with every change made here: an answer that was asked for before it is out of date. */
    let changes = 0;

    const take = (video: Video): void => {
      set({ video, failure: null });
      library.getState().replace(video);
    };
    const takeDetail = ({ video, sources }: VideoDetail): void => {
      const byHeight = [...sources].sort((one, other) => other.height - one.height);
      set({ qualities: byHeight.map(({ quality }) => quality) });
      take(video);
    };
    const noteFailure = (failure: unknown): void => {
      const gone = failure instanceof ReelmillError && failure.code === 'not_found';
      if (gone && !get().gone) library.getState().remove(videoId);
      set({ failure, gone });
    };
    const change = async (work: () => Promise<unknown>): Promise<void> => {
      await work();
      changes += 1;
      await get().load();
    };

    return {
      video: null,
      qualities: [],
      failure: null,
      gone: false,

      load: async () => {
        const asked = changes;
        try {
          const detail = await call('library.get', { videoId });
          if (asked === changes && !get().gone) takeDetail(detail);
        } catch (failure) {
          if (asked === changes && !get().gone) noteFailure(failure);
        }
      },

      update: async (patch) => {
        const video = await call('library.update', { videoId, patch });
        changes += 1;
        take(video);
      },

      copyLink: async () => {
        const { madeUnlisted } = await call('library.copyLink', { videoId });
        if (madeUnlisted) await change(async () => undefined);
        return madeUnlisted;
      },

      renewLink: async () => {
        const video = await call('library.renewLink', { videoId });
        changes += 1;
        take(video);
      },

      retry: () => change(() => call('library.retry', { videoId })),
      cancel: () => change(() => call('library.cancel', { videoId })),

      delete: async () => {
        await call('library.delete', { videoId });
        changes += 1;
        set({ gone: true });
        library.getState().remove(videoId);
      },

      fetchPlaybackUrl: async () => {
        const { video } = await call('library.get', { videoId });
        if (video.playback_url !== null) return video.playback_url;
        throw new ReelmillError('state_conflict', 'There is nothing to play.');
      },
    };
  });
}

/** Whether a video is still going to change by itself. */
export function isChanging({ video }: VideoState): boolean {
  return video === null || video.status === 'transcoding' || video.status === 'uploading';
}
