import { globSync, statSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '../..');
const SOURCES = [
  'desktop/src/**/*',
  'shared/src/**/*',
  'desktop/build.ts',
  'desktop/package.json',
  'package-lock.json',
];
const BUILT = ['main.js', 'preload.cjs', 'renderer/index.html'].map((file) =>
  path.join('desktop/dist', file),
);

/** The folder that Electron is given. */
export const DESKTOP_FOLDER = path.join(ROOT, 'desktop');
/** The page of the window. */
export const PAGE_FOLDER = path.join(DESKTOP_FOLDER, 'dist/renderer');

/** Builds the app, unless it was built after its sources were changed last. */
export async function buildWhereNeeded(): Promise<void> {
  if (isUpToDate()) return;
  const { buildDesktop } = await import('../../desktop/build.ts');
  await buildDesktop();
}

function isUpToDate(): boolean {
  const changed = (file: string): number => statSync(path.join(ROOT, file)).mtimeMs;
  const sources = globSync(SOURCES, { cwd: ROOT });
  try {
    return Math.min(...BUILT.map(changed)) > Math.max(...sources.map(changed));
  } catch {
    // something is missing
    return false;
  }
}
