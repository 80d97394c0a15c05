import { chmod, lstat, readdir } from 'node:fs/promises';
import path from 'node:path';

const OTHERS = 0o077;
/** What a file system itself puts into its topmost folder. */
const FOREIGN = new Set(['lost+found']);

/** Whatever this process and its children create from now on is for its user alone: folders 0700, files 0600. */
export function setPrivateUmask(): void {
  process.umask(OTHERS);
}

/** What `restrictToOwner` changed. */
export interface RestrictedFiles {
  /** Files and folders whose mode was changed. */
  changed: number;
  /** Names in the folder that are not the caller's: they are left alone, and so is the folder's own mode. */
  foreign: string[];
}

/**
 * Removes the permissions of group and others from the files in a folder that `isOwn` names, and from the folder itself where it
 * holds nothing else: a folder that somebody shares with other programs keeps its mode. Symbolic links are not
 * followed. A folder is restricted after what it holds, and what lies below a restricted folder is not looked at, so that an
 * interrupted run is completed by the next one and a large library costs nothing afterwards. Returns no changes where
 * the folder is not there, and on Windows, whose files have no such modes. Throws where a mode cannot be changed.
 */
export async function restrictToOwner(
  folder: string,
  isOwn: (name: string) => boolean,
): Promise<RestrictedFiles> {
  if (process.platform === 'win32') return { changed: 0, foreign: [] };
  const names = await listNames(folder);
  if (names === null) return { changed: 0, foreign: [] };
  const foreign = names.filter((name) => !isOwn(name) && !FOREIGN.has(name));
  let changed = foreign.length === 0 ? await restrictEntry(folder) : 0;
  for (const name of names.filter(isOwn)) changed += await restrictTree(path.join(folder, name));
  return { changed, foreign };
}

async function restrictTree(entry: string): Promise<number> {
  const found = await lstat(entry).catch(ignoreMissing);
  if (found === null || found.isSymbolicLink() || (found.mode & OTHERS) === 0) return 0;
  let changed = 0;
  if (found.isDirectory()) {
    for (const name of (await listNames(entry)) ?? []) changed += await restrictTree(path.join(entry, name));
  }
  return changed + (await restrictEntry(entry));
}

async function restrictEntry(entry: string): Promise<number> {
  const found = await lstat(entry).catch(ignoreMissing);
  if (found === null || found.isSymbolicLink() || (found.mode & OTHERS) === 0) return 0;
  await chmod(entry, found.mode & 0o7700);
  return 1;
}

function listNames(folder: string): Promise<string[] | null> {
  return readdir(folder).catch(ignoreMissing);
}

/** A file may be removed by its program meanwhile. */
function ignoreMissing(error: unknown): null {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
  throw error;
}
