import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { app } from 'electron';
import { autostartEntry } from './autostartEntry.ts';
import { HIDDEN_SWITCH, startsHidden } from './launch.ts';

/**
 * Makes the system start the app at login, or no more. Only an installed app has a place that lasts: one that runs
 * from its sources is left out.
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
  // an AppImage runs from a place that is gone afterwards
  await writeFile(file, autostartEntry([process.env.APPIMAGE ?? process.execPath, HIDDEN_SWITCH]));
}
