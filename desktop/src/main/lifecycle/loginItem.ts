import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { app } from 'electron';
import { autostartEntry } from './autostartEntry.ts';
import { HIDDEN_SWITCH, startsHidden } from './launch.ts';

/**
 * Sets whether the system starts the app at login. Does nothing for an app that runs from its sources, which has no
 * permanent path.
 */
export async function setOpenAtLogin(enabled: boolean): Promise<void> {
  if (!app.isPackaged) return;
  if (process.platform === 'linux') return setAutostart(enabled);
  const { openAtLogin } = app.getLoginItemSettings({ args: [HIDDEN_SWITCH] });
  if (openAtLogin !== enabled) app.setLoginItemSettings({ openAtLogin: enabled, args: [HIDDEN_SWITCH] });
}

export function wasOpenedAtLogin(): boolean {
  if (process.platform === 'darwin') return app.getLoginItemSettings().wasOpenedAtLogin;
  return startsHidden(process.argv);
}

async function setAutostart(enabled: boolean): Promise<void> {
  const file = join(app.getPath('appData'), 'autostart', 'reelmill.desktop');
  if (!enabled) return rm(file, { force: true });
  await mkdir(dirname(file), { recursive: true });
  // an AppImage runs from a temporary mount
  await writeFile(file, autostartEntry([process.env.APPIMAGE ?? process.execPath, HIDDEN_SWITCH]));
}
