// Where the Electron is that the desktop app runs on. Plain JavaScript: the set-up needs it before anything is built.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The npm package `electron`. It brings no Electron: its `install.js` downloads it. */
export const ELECTRON_PACKAGE = path.resolve(
  path.dirname(fileURLToPath(import.meta.url)),
  '../node_modules/electron',
);

const EXECUTABLES = { darwin: 'Electron.app/Contents/MacOS/Electron', win32: 'electron.exe' };

/** Null where there is none, or where the downloaded one is not that of the package. */
export function findElectron() {
  const given = process.env.ELECTRON_OVERRIDE_DIST_PATH;
  if (given) return lookAt(path.resolve(given));
  const downloaded = lookAt(path.join(ELECTRON_PACKAGE, 'dist'));
  return downloaded?.version === wantedVersion() ? downloaded : null;
}

function lookAt(folder) {
  const executable = path.join(folder, EXECUTABLES[process.platform] ?? 'electron');
  if (!existsSync(executable)) return null;
  const version = readText(path.join(folder, 'version'));
  return version === null ? null : { folder, executable, version: version.trim().replace(/^v/, '') };
}

function wantedVersion() {
  const manifest = readText(path.join(ELECTRON_PACKAGE, 'package.json'));
  return manifest === null ? null : JSON.parse(manifest).version;
}

function readText(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
