import { copyFile, link, mkdir, readdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { findElectron } from '../electronRuntime.mjs';

/** How a program begins: the arguments of the caller follow. */
export interface Launch {
  executable: string;
  args: readonly string[];
}

/**
 * How the app in a folder is started. Electron's own download takes the folder as its first argument. What
 * `ELECTRON_OVERRIDE_DIST_PATH` brings in its place may load such an app too late for what has to be done before it
 * is ready, so on Linux it is laid out in `stageFolder`, which is empty, as a packed app is: with the app among its
 * resources. Throws where there is no Electron.
 */
export async function prepareLaunch(appFolder: string, stageFolder: string): Promise<Launch> {
  const electron = findElectron();
  if (electron === null) throw new Error('Electron is not there; `npm run desktop` gets it.');
  const isOwnDownload = !process.env.ELECTRON_OVERRIDE_DIST_PATH;
  if (isOwnDownload || process.platform !== 'linux') {
    return { executable: electron.executable, args: [appFolder] };
  }
  await mirror(electron.folder, stageFolder);
  await symlink(appFolder, path.join(stageFolder, 'resources', 'app'));
  return {
    executable: path.join(stageFolder, path.relative(electron.folder, electron.executable)),
    args: [],
  };
}

/** The same files under other names, without a copy where that is possible; Electron's own app is left out. */
async function mirror(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [path.join(from, entry.name), path.join(to, entry.name)];
    if (entry.isDirectory()) await mirror(source, target);
    else if (entry.name !== 'default_app.asar') {
      await link(source, target).catch(() => copyFile(source, target));
    }
  }
}
