import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The icon of the tray: on macOS one that the system colours itself. Null where there is none. */
export function findTrayIcon(resources: string, platform: NodeJS.Platform): string | null {
  return firstThere(resources, platform === 'darwin' ? ['trayTemplate.png'] : ['tray.png']);
}

/** The icon of the window; macOS and Windows take it from the program. */
export function findWindowIcon(resources: string, platform: NodeJS.Platform): string | null {
  return platform === 'linux' ? firstThere(resources, ['icon.png', 'icons/512x512.png']) : null;
}

function firstThere(folder: string, names: readonly string[]): string | null {
  return names.map((name) => join(folder, name)).find((file) => existsSync(file)) ?? null;
}
