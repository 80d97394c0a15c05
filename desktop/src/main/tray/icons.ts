import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The icon of the tray: on macOS one that the system colours itself. Null where there is none. */
export function findTrayIcon(resources: string, platform: NodeJS.Platform): string | null {
  return findFile(resources, platform === 'darwin' ? 'trayTemplate.png' : 'tray.png');
}

/** The icon of the window; macOS and Windows take it from the program. */
export function findWindowIcon(resources: string, platform: NodeJS.Platform): string | null {
  return platform === 'linux' ? findFile(resources, 'icon.png') : null;
}

function findFile(folder: string, name: string): string | null {
  const file = join(folder, name);
  return existsSync(file) ? file : null;
}
