import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { IpcEvent, IpcReply } from '@reelmill/desktop/contracts/ipc.ts';
import { FarmService } from '@reelmill/desktop/main/farm/farmService.ts';
import { createHandlers, type Services, type SystemActions } from '@reelmill/desktop/main/ipc/handlers.ts';
import { handleCall } from '@reelmill/desktop/main/ipc/ipcRouter.ts';
import { LibraryService } from '@reelmill/desktop/main/library/libraryService.ts';
import { QueueService } from '@reelmill/desktop/main/queue/queueService.ts';
import type { Encryption } from '@reelmill/desktop/main/session/encryption.ts';
import { SessionService } from '@reelmill/desktop/main/session/sessionService.ts';
import { SettingsStore } from '@reelmill/desktop/main/settings/settingsStore.ts';
import { WatchFolderService } from '@reelmill/desktop/main/watchFolder/watchFolderService.ts';
import { APP_URL } from '@reelmill/desktop/main/window/pageRequests.ts';
import { CleanupStack } from '@reelmill/shared/runtime/cleanupStack.ts';
import { createLogger, type Logger } from '@reelmill/shared/runtime/logger.ts';
import { keepAccount } from '../demo/account.ts';

/** The app's main process without Electron. */
export interface DevApp {
  /** A call of the page, validated as in the app. */
  call(name: unknown, args: unknown): Promise<IpcReply>;
  /** Called with everything that the page is sent. */
  onEvent(send: (event: IpcEvent, payload: unknown) => void): void;
  close(): Promise<void>;
}

const SIGN_IN_PAUSE_MS = 500;
const SIGN_IN_TRIES = 240;
/** The folder is for its user alone, and what is signed in to is a server for development. */
const NO_ENCRYPTION: Encryption = {
  storage: 'plain',
  encrypt: (text) => Buffer.from(text),
  decrypt: (bytes) => bytes.toString('utf8'),
};

/** Starts the services on `folder/app`, signed in to the server with the account of `folder/account.json`. */
export async function openApp({ folder, serverUrl }: { folder: string; serverUrl: string }): Promise<DevApp> {
  const logger = createLogger({ level: 'warn', name: 'app' });
  const cleanupStack = new CleanupStack();
  const services = await openServices(folder, cleanupStack, logger);
  const handlers = createHandlers(services, systemActions(services, folder));
  const closing = new AbortController();
  cleanupStack.add('sign-in', () => closing.abort());
  void signInFirst(services.session, { folder, serverUrl }, closing.signal);
  return {
    call: (name, args) =>
      handleCall({ senderFrame: { url: APP_URL, parent: null } }, name, args, { handlers, logger }),
    onEvent(send) {
      services.session.subscribe((state) => send('session.changed', state));
      services.queue.subscribe((change) => send('queue.changed', change));
      services.settings.subscribe((settings) => send('settings.changed', settings));
      services.watchFolder.subscribe((state) => send('watchFolder.changed', state));
    },
    close: () => cleanupStack.release(),
  };
}

async function openServices(folder: string, cleanupStack: CleanupStack, logger: Logger): Promise<Services> {
  const data = path.join(folder, 'app');
  await mkdir(data, { recursive: true });
  const settings = await SettingsStore.open(path.join(data, 'settings.json'));
  const session = new SessionService({ folder: data, encryption: NO_ENCRYPTION, logger });
  cleanupStack.add('session', () => session.close());
  const dialogs = {
    // a browser has no paths of files: everything in the folder for videos is chosen
    chooseVideos: () => listVideos(path.join(folder, 'videos')),
    chooseReplacement: async () => null,
  };
  const queue = new QueueService({ session, settings, dialogs, logger });
  cleanupStack.add('queue', () => queue.close());
  const watchFolder = new WatchFolderService({ session, settings, queue, folder: data, logger });
  cleanupStack.add('watch folder', () => watchFolder.close());
  await session.start();
  await queue.start();
  await watchFolder.start();
  const library = new LibraryService(session, { writeText: (text) => console.log(`copied: ${text}`) });
  return { session, settings, queue, watchFolder, library, farm: new FarmService(session) };
}

async function listVideos(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  return names.map((name) => path.join(folder, name));
}

function systemActions({ session, settings }: Services, folder: string): SystemActions {
  const { language } = settings.current;
  const idle = { status: 'idle', version: null, message: null } as const;
  return {
    info: () => ({
      version: 'dev',
      platform: process.platform,
      language: language === 'system' ? 'en' : language,
      sessionStorage: session.storage,
    }),
    openLink: async (url) => console.log(`opened: ${url}`),
    copyText: (text) => console.log(`copied: ${text}`),
    showInFolder: (file) => console.log(`shown: ${file}`),
    chooseWatchFolder: async () => path.join(folder, 'videos'),
    quit: () => console.log('quit'),
    updates: { state: idle, check: async () => idle },
    installUpdate: () => undefined,
  };
}

/** Signs in where nobody was ever signed in, as soon as the server takes it. */
async function signInFirst(
  session: SessionService,
  { folder, serverUrl }: { folder: string; serverUrl: string },
  signal: AbortSignal,
): Promise<void> {
  const { state } = session;
  if (state.status === 'signedIn' || state.serverUrl !== null) return;
  const account = await keepAccount(path.join(folder, 'account.json'));
  for (let attempt = 1; attempt <= SIGN_IN_TRIES && !signal.aborted; attempt += 1) {
    const failure = await session.signIn({ serverUrl, ...account }).then(
      () => null,
      (error: unknown) => error,
    );
    if (failure === null) return;
    if (attempt === SIGN_IN_TRIES) console.error('The page could not be signed in:', failure);
    await pause(SIGN_IN_PAUSE_MS, undefined, { signal }).catch(() => undefined);
  }
}
