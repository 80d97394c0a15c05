import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Returns the icon of the tray, on macOS a template image that the system colours. Null where the file is missing. */
export function findTrayIcon(resources: string, platform: NodeJS.Platform): string | null {
  return findFile(resources, platform === 'darwin' ? 'trayTemplate.png' : 'tray.png');
}

/** Returns the icon of the window; null on macOS and Windows, which take it from the program. */
export function findWindowIcon(resources: string, platform: NodeJS.Platform): string | null {
  return platform === 'linux' ? findFile(resources, 'icon.png') : null;
}

function findFile(folder: string, name: string): string | null {
  const file = join(folder, name);
  return existsSync(file) ? file : null;
}
