/** An Electron on this machine; `folder` holds what Electron's own archive holds. */
export interface ElectronRuntime {
  folder: string;
  executable: string;
  /** Such as `45.4.1`. */
  version: string;
}

/** The npm package `electron`, whose `install.js` downloads the runtime. */
export const ELECTRON_PACKAGE: string;

/**
 * The Electron in the folder that `ELECTRON_OVERRIDE_DIST_PATH` names, or else the one that the npm package `electron`
 * has downloaded. Null where there is none.
 */
export function findElectron(): ElectronRuntime | null;
