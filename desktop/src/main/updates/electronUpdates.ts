import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import { app } from 'electron';
import type { UpdateSource } from './updateService.ts';

/** Written into the package by electron-builder, where an update server was named when it was built. */
const CONFIGURATION = 'app-update.yml';

/** Null where nothing is configured: then electron-updater is not even loaded. */
export async function findUpdateSource(logger: Logger): Promise<UpdateSource | null> {
  if (!app.isPackaged || !existsSync(join(process.resourcesPath, CONFIGURATION))) return null;
  // a CommonJS module, whose exports are getters
  const { autoUpdater } = (await import('electron-updater')).default;
  autoUpdater.logger = {
    info: (message) => logger.info({ updater: String(message) }),
    warn: (message) => logger.warn({ updater: String(message) }),
    error: (message) => logger.warn({ updater: String(message) }),
  };
  return {
    subscribe: (tell) => {
      autoUpdater.on('checking-for-update', () => tell({ type: 'checking' }));
      autoUpdater.on('update-not-available', () => tell({ type: 'none' }));
      autoUpdater.on('update-available', ({ version }) => tell({ type: 'found', version }));
      autoUpdater.on('update-downloaded', ({ version }) => tell({ type: 'downloaded', version }));
      autoUpdater.on('error', ({ message }) => tell({ type: 'failed', message }));
    },
    check: async () => {
      const found = await autoUpdater.checkForUpdates();
      // a failure of the download is told by an event as well
      found?.downloadPromise?.catch(() => undefined);
    },
    installNow: () => autoUpdater.quitAndInstall(false, true),
  };
}
