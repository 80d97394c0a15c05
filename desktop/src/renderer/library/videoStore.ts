import type { Video, VideoDetail } from '@reelmill/shared/contracts/videos.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { IpcArgs } from '../../contracts/ipc.ts';
import { call } from '../ipc/bridge.ts';
import { type LibraryStore, libraryStore } from './libraryStore.ts';

/**
 * One video while its details are shown. All methods except `load` throw the error of their call.
 *
 *   loading (video null) ──▶ shown ──deleted here or elsewhere──▶ gone
 */
export interface VideoState {
  video: Video | null;
  /** From the largest to the smallest. */
  qualities: readonly string[];
  /** The error of the last load. */
  failure: unknown;
  gone: boolean;
  load: () => Promise<void>;
  update: (patch: IpcArgs<'library.update'>['patch']) => Promise<void>;
  /** Copies the link, and returns whether the video was private and is now unlisted. */
  copyLink: () => Promise<boolean>;
  /** Revokes the links to the video; copies the new one of an unlisted video to the clipboard. */
  renewLink: () => Promise<void>;
  retry: () => Promise<void>;
  cancel: () => Promise<void>;
  delete: () => Promise<void>;
  /** Returns a fresh link to the master playlist. */
  fetchPlaybackUrl: () => Promise<string>;
}

export type VideoStore = StoreApi<VideoState>;

/** Creates the store of a video. Every change also updates the grid. */
export function createVideoStore(videoId: number, library: LibraryStore = libraryStore): VideoStore {
  return createStore<VideoState>()((set, get) => {
    /** Incremented with every change made here: the response of a load that began before is out of date. */
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
        const started = changes;
        try {
          const detail = await call('library.get', { videoId });
          if (started === changes && !get().gone) takeDetail(detail);
        } catch (failure) {
          if (started === changes && !get().gone) noteFailure(failure);
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
        throw new ReelmillError('state_conflict', 'This video cannot be played yet.');
      },
    };
  });
}

/** Whether the video is still being loaded, uploaded or processed. */
export function isChanging({ video }: VideoState): boolean {
  return video === null || video.status === 'transcoding' || video.status === 'uploading';
}
