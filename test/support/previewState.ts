import {
  type AppInfo,
  DEFAULT_APP_SETTINGS,
  type SessionState,
  type Settings,
  type UpdateState,
  type UploadSnapshot,
  type WatchState,
} from '@reelmill/desktop/contracts/desktop.ts';
import type { IpcCall } from '@reelmill/desktop/contracts/ipc.ts';
import type { DeadLetter, Farm } from '@reelmill/shared/contracts/admin.ts';
import type { ErrorCode } from '@reelmill/shared/contracts/errors.ts';
import type { ServerInfo } from '@reelmill/shared/contracts/server.ts';
import type { Video, VideoDetail } from '@reelmill/shared/contracts/videos.ts';
import { makeFarm } from './farmFacts.ts';
import { makeDetail, makeVideo } from './libraryVideos.ts';

/** What the page of the window finds when it asks the main process; plain data, because it goes into a browser. */
export interface PreviewState {
  session: SessionState;
  /** Who is signed in after signing in or registering. */
  account: SessionState;
  info: AppInfo;
  settings: Settings;
  update: UpdateState;
  watchFolder: WatchState;
  server: ServerInfo;
  queue: UploadSnapshot[];
  videos: Video[];
  /** The details of any video, which the bridge fills in with the video itself. */
  detail: VideoDetail;
  farm: Farm;
  deadLetters: DeadLetter[];
  /** Calls that fail, with the error they fail with. */
  failing: Partial<Record<IpcCall, { code: ErrorCode; message: string; retryAfterSeconds?: number }>>;
  /** Calls that never get a reply. */
  silent: IpcCall[];
}

export const ADMIN: Extract<SessionState, { status: 'signedIn' }> = {
  status: 'signedIn',
  serverUrl: 'https://reelmill.example.com',
  userId: 1,
  email: 'ada.lovelace@example.com',
  nickname: 'Ada Lovelace',
  role: 'admin',
  passwordTemporary: false,
};
export const NOBODY: Extract<SessionState, { status: 'signedOut' }> = {
  status: 'signedOut',
  serverUrl: 'https://reelmill.example.com',
  ended: null,
};

/** An admin who has nothing yet, with other facts where they are given. */
export function makePreviewState(facts: Partial<PreviewState> = {}): PreviewState {
  return {
    session: ADMIN,
    account: ADMIN,
    info: { version: '0.1.0', platform: 'linux', language: 'en', sessionStorage: 'keyring' },
    settings: DEFAULT_APP_SETTINGS,
    update: { status: 'idle', version: null, message: null },
    watchFolder: { status: 'off' },
    server: { name: 'reelmill', version: '0.1.0', registration: 'open', media_origins: [] },
    queue: [],
    videos: [],
    detail: makeDetail(facts.videos?.[0] ?? makeVideo(1)),
    farm: makeFarm(),
    deadLetters: [],
    failing: {},
    silent: [],
    ...facts,
  };
}
