import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

export interface ClientFolder {
  sessionFile: string;
  deviceFile: string;
  journalFolder: string;
  queueFolder: string;
}

/**
 * Where a user's session and journals are: `REELMILL_CONFIG_DIR`, or the place for such files on this platform
 * (`$XDG_CONFIG_HOME/reelmill`, `~/.config/reelmill`, `~/Library/Application Support/reelmill`, `%APPDATA%\reelmill`).
 */
export function findClientFolder(env: Readonly<Record<string, string | undefined>>): ClientFolder {
  return clientFolderAt(env.REELMILL_CONFIG_DIR || join(platformFolder(env), 'reelmill'));
}

/** The same files in a folder of the caller's choice. */
export function clientFolderAt(path: string): ClientFolder {
  const folder = resolve(path);
  return {
    sessionFile: join(folder, 'session.json'),
    deviceFile: join(folder, 'devices.json'),
    journalFolder: join(folder, 'journal'),
    queueFolder: join(folder, 'queue'),
  };
}

function platformFolder(env: Readonly<Record<string, string | undefined>>): string {
  if (process.platform === 'win32') return env.APPDATA || join(homedir(), 'AppData', 'Roaming');
  if (env.XDG_CONFIG_HOME) return env.XDG_CONFIG_HOME;
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support');
  return join(homedir(), '.config');
}
