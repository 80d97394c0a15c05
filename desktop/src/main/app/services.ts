import type { CleanupStack } from '@reelmill/shared/runtime/cleanupStack.ts';
import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import { clipboard } from 'electron';
import { FarmService } from '../farm/farmService.ts';
import type { Services } from '../ipc/handlers.ts';
import { LibraryService } from '../library/libraryService.ts';
import type { AppPaths } from '../lifecycle/appPaths.ts';
import { type Dialogs, QueueService } from '../queue/queueService.ts';
import { readExtraCaCerts } from '../session/extraCaCerts.ts';
import { createSafeStorageCipher } from '../session/safeStorageCipher.ts';
import { SessionService } from '../session/sessionService.ts';
import type { SettingsStore } from '../settings/settingsStore.ts';
import { WatchFolderService } from '../watchFolder/watchFolderService.ts';

export interface ServiceOptions {
  paths: AppPaths;
  settings: SettingsStore;
  dialogs: Dialogs;
  cleanupStack: CleanupStack;
  logger: Logger;
}

/** Opens the services and restores the session; the queue is not started yet. Call it once the app is ready. */
export async function openServices(options: ServiceOptions): Promise<Services> {
  const { paths, settings, dialogs, cleanupStack, logger } = options;
  const session = new SessionService({
    folder: paths.data,
    encryption: createSafeStorageCipher(),
    staysSignedIn: () => settings.current.staySignedIn,
    extraCaCerts: await readExtraCaCerts(paths.extraCaCertsFile, logger),
    logger,
  });
  cleanupStack.add('session', () => session.close());
  followStaySignedIn(session, settings, logger);
  const queue = new QueueService({ session, settings, dialogs, logger });
  cleanupStack.add('queue', () => queue.close());
  const watchFolder = new WatchFolderService({ session, settings, queue, folder: paths.data, logger });
  cleanupStack.add('watch folder', () => watchFolder.close());
  await session.start();
  return {
    session,
    settings,
    queue,
    watchFolder,
    library: new LibraryService(session, clipboard),
    farm: new FarmService(session),
  };
}

function followStaySignedIn(session: SessionService, settings: SettingsStore, logger: Logger): void {
  let { staySignedIn } = settings.current;
  settings.subscribe((current) => {
    if (current.staySignedIn === staySignedIn) return;
    staySignedIn = current.staySignedIn;
    session.applyStaySignedIn().catch((error: unknown) => {
      logger.error({ err: error }, 'stay signed in not applied');
    });
  });
}

/** Continues the unfinished uploads. Call it after the window was opened. */
export async function startServices({ queue, watchFolder }: Services): Promise<void> {
  await queue.start();
  await watchFolder.start();
}
