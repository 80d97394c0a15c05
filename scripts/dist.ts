/**
 * Packs the desktop app for this platform into `out/`, as `electron-builder.yml` says.
 *
 *   npm run dist [-- TARGET...]     the installers; TARGET is such as nsis, dmg, AppImage, deb or tar.gz
 *   npm run dist:dir                the app in a folder, to be started as it is
 *
 * `REELMILL_UPDATE_URL` is the https address where the installers will be found; without it the app looks for no
 * updates. It installs only what is signed with the key whose public half is `REELMILL_UPDATE_KEY`
 * (`scripts/signUpdates.ts`); without that it only says that there is a new version. With `ELECTRON_OVERRIDE_DIST_PATH` that Electron is packed.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build, type Configuration, DIR_TARGET, Platform } from 'electron-builder';
import { buildDesktop } from '../desktop/build.ts';
import { readUpdateKey } from '../desktop/src/main/updates/updateSignature.ts';
import { findElectron } from './electronRuntime.mjs';

const ROOT = path.resolve(import.meta.dirname, '..');
const OWN_DEB_PACKER = path.join(ROOT, 'scripts/packaging/debPackage.ts');

const { values, positionals } = parseArgs({
  options: {
    dir: { type: 'boolean', default: false },
    // packs what was built before
    built: { type: 'boolean', default: false },
    output: { type: 'string' },
  },
  allowPositionals: true,
});

useToolsOfThisMachine();
if (!values.built) await buildDesktop();
const artifacts = await build({
  projectDir: ROOT,
  targets: Platform.current().createTarget(values.dir ? DIR_TARGET : positionals),
  publish: 'never',
  config: {
    ...chooseElectron(),
    ...chooseUpdates(process.env.REELMILL_UPDATE_URL),
    ...chooseUpdateKey(process.env.REELMILL_UPDATE_KEY),
    ...(values.output === undefined ? {} : { directories: { output: path.resolve(values.output) } }),
    // nothing of node_modules is needed
    beforeBuild: async () => false,
  },
});
for (const artifact of artifacts) console.log(path.relative(process.cwd(), artifact));

function chooseElectron(): Configuration {
  if (!process.env.ELECTRON_OVERRIDE_DIST_PATH) return {};
  const electron = findElectron();
  if (electron === null) throw new Error('ELECTRON_OVERRIDE_DIST_PATH holds no Electron.');
  return { electronDist: electron.folder, electronVersion: electron.version };
}

function chooseUpdates(url: string | undefined): Configuration {
  if (!url) return {};
  if (!URL.canParse(url) || new URL(url).protocol !== 'https:') {
    throw new Error(`REELMILL_UPDATE_URL must be an https address, not ${url}.`);
  }
  return { publish: { provider: 'generic', url } };
}

/** Into the app's package.json, which lies in its archive. Throws where it is no such key. */
function chooseUpdateKey(updateKey: string | undefined): Configuration {
  if (!updateKey) return {};
  readUpdateKey(updateKey);
  return { extraMetadata: { updateKey } };
}

/** On Debian two programs are there, or are one package away, that electron-builder would download. */
function useToolsOfThisMachine(): void {
  if (process.platform !== 'linux') return;
  if (existsSync('/usr/bin/dpkg-deb')) process.env.CUSTOM_FPM_PATH ??= OWN_DEB_PACKER;
  if (existsSync('/usr/bin/7za')) process.env.ELECTRON_BUILDER_7ZIP_PATH ??= '/usr/bin/7za';
  // the deb packer is a script for the Node that runs this one
  process.env.PATH = [path.dirname(process.execPath), process.env.PATH].join(path.delimiter);
}
