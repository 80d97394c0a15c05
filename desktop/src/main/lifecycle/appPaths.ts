import { join, resolve } from 'node:path';
import { app } from 'electron';

/** Not `Reelmill` alone: on case-insensitive file systems that is the folder of the command-line client. */
const FOLDER_NAME = 'Reelmill Desktop';

export interface AppPaths {
  /** Everything that this app stores. */
  data: string;
  settingsFile: string;
  placementFile: string;
  /** Exists once the user was told that the app keeps running in the tray. */
  trayHintFile: string;
  logFile: string;
  preloadFile: string;
  pageFolder: string;
  /** CA certificates to trust beside those of the system; packaged apps do not read the variable themselves. */
  extraCaCertsFile: string | null;
  /** Icons; beside the bundle in the sources and in the package. */
  resources: string;
}

/** Returns all paths. `REELMILL_DESKTOP_DATA` moves the data folder, for tests. Call it before the app is ready. */
export function choosePaths(env: Readonly<Record<string, string | undefined>>): AppPaths {
  const data = env.REELMILL_DESKTOP_DATA
    ? resolve(env.REELMILL_DESKTOP_DATA)
    : join(app.getPath('appData'), FOLDER_NAME);
  app.setPath('userData', data);
  const bundle = import.meta.dirname;
  return {
    data,
    settingsFile: join(data, 'settings.json'),
    placementFile: join(data, 'window.json'),
    trayHintFile: join(data, 'tray-hint-shown'),
    logFile: join(data, 'logs', 'main.log'),
    preloadFile: join(bundle, 'preload.cjs'),
    pageFolder: join(bundle, 'renderer'),
    extraCaCertsFile: env.NODE_EXTRA_CA_CERTS || null,
    resources: join(bundle, '..', 'resources'),
  };
}
