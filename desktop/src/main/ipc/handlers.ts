import type { AppInfo, UpdateState } from '../../contracts/desktop.ts';
import type { FarmService } from '../farm/farmService.ts';
import type { LibraryService } from '../library/libraryService.ts';
import type { QueueService } from '../queue/queueService.ts';
import type { SessionService } from '../session/sessionService.ts';
import type { SettingsStore } from '../settings/settingsStore.ts';
import type { WatchFolderService } from '../watchFolder/watchFolderService.ts';
import type { IpcHandlers } from './ipcRouter.ts';

export interface Services {
  session: SessionService;
  settings: SettingsStore;
  queue: QueueService;
  library: LibraryService;
  farm: FarmService;
  watchFolder: WatchFolderService;
}

/** What the calls need of the system and of the app as a whole. */
export interface SystemActions {
  info(): AppInfo;
  openLink(url: string): Promise<void>;
  copyText(text: string): void;
  showInFolder(path: string): void;
  chooseWatchFolder(current: string | null): Promise<string | null>;
  quit(): void;
  updates: {
    readonly state: UpdateState;
    check(): Promise<UpdateState>;
  };
  installUpdate(): void;
}

/** Returns what each call of the page does. */
export function createHandlers(services: Services, system: SystemActions): IpcHandlers {
  return {
    ...appHandlers(system),
    ...sessionHandlers(services),
    ...queueHandlers(services, system),
    ...libraryHandlers(services),
    ...farmHandlers(services),
    ...settingsHandlers(services, system),
  };
}

type HandlersOf<Area extends string> = Pick<IpcHandlers, Extract<keyof IpcHandlers, `${Area}.${string}`>>;

function appHandlers(system: SystemActions): HandlersOf<'app' | 'updates'> {
  return {
    'app.info': async () => system.info(),
    'app.openLink': async ({ url }) => nothing(await system.openLink(url)),
    'app.copyText': async ({ text }) => nothing(system.copyText(text)),
    'app.quit': async () => nothing(system.quit()),
    'updates.get': async () => system.updates.state,
    'updates.check': () => system.updates.check(),
    'updates.install': async () => nothing(system.installUpdate()),
  };
}

function sessionHandlers({ session }: Services): HandlersOf<'session'> {
  return {
    'session.get': async () => session.state,
    'session.probe': ({ serverUrl }) => session.probe(serverUrl),
    'session.signIn': (credentials) => session.signIn(credentials),
    'session.register': (registration) => session.register(registration),
    'session.changePassword': (passwords) => session.changePassword(passwords),
    'session.signOut': () => session.signOut(),
  };
}

function queueHandlers({ queue }: Services, system: SystemActions): HandlersOf<'queue'> {
  return {
    'queue.list': () => queue.list(),
    'queue.add': ({ paths }) => queue.add(paths),
    'queue.pick': ({ what }) => queue.pick(what),
    'queue.pause': async ({ ids }) => nothing(await queue.pause(ids)),
    'queue.resume': async ({ ids }) => nothing(await queue.resume(ids)),
    'queue.cancel': async ({ ids }) => nothing(await queue.cancel(ids)),
    'queue.retry': async ({ ids }) => nothing(await queue.retry(ids)),
    'queue.uploadAnyway': async ({ ids }) => nothing(await queue.uploadAnyway(ids)),
    'queue.remove': async ({ ids }) => nothing(await queue.remove(ids)),
    'queue.clearFinished': async () => nothing(await queue.clearFinished()),
    'queue.move': async ({ id, index }) => nothing(await queue.move(id, index)),
    'queue.rename': async ({ id, title }) => nothing(await queue.rename(id, title)),
    'queue.relocate': ({ id }) => queue.relocate(id),
    'queue.showInFolder': async ({ id }) => nothing(system.showInFolder(await queue.pathOf(id))),
  };
}

function libraryHandlers({ library }: Services): HandlersOf<'library'> {
  return {
    'library.list': (query) => library.list(query),
    'library.get': ({ videoId }) => library.get(videoId),
    'library.update': ({ videoId, patch }) => library.update(videoId, patch),
    'library.delete': async ({ videoId }) => nothing(await library.delete(videoId)),
    'library.retry': async ({ videoId }) => nothing(await library.retry(videoId)),
    'library.cancel': async ({ videoId }) => nothing(await library.cancel(videoId)),
    'library.copyLink': ({ videoId }) => library.copyLink(videoId),
    'library.renewLink': ({ videoId }) => library.renewLink(videoId),
  };
}

function farmHandlers({ farm }: Services): HandlersOf<'farm'> {
  return {
    'farm.get': () => farm.get(),
    'farm.deadLetters': () => farm.deadLetters(),
    'farm.replay': () => farm.replay(),
    'farm.controlWorker': ({ workerId, action }) => farm.controlWorker(workerId, action),
    'farm.allowJob': (request) => farm.allowJob(request),
  };
}

function settingsHandlers(
  { settings, watchFolder }: Services,
  system: SystemActions,
): HandlersOf<'settings' | 'watchFolder'> {
  return {
    'settings.get': async () => settings.current,
    'settings.set': (patch) => settings.set(patch),
    'settings.pickWatchFolder': async () => {
      const path = await system.chooseWatchFolder(settings.current.watchFolder.path);
      if (path === null) return settings.current;
      return settings.set({ watchFolder: { ...settings.current.watchFolder, path } });
    },
    'watchFolder.get': async () => watchFolder.state,
  };
}

/** The result of a call that returns nothing. */
function nothing(_: unknown): undefined {
  return undefined;
}
