import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** More than people keep in one folder; stops a walk through a whole disk that was added by mistake. */
export const MAX_FILES = 50_000;
const MAX_DEPTH = 64;
/** Names that systems and programs create; those that begin with a dot are hidden everywhere. */
const SYSTEM_NAMES = new Set([
  '$recycle.bin',
  'system volume information',
  'recycler',
  'lost+found',
  '__macosx',
  '@eadir',
  '#recycle',
  'thumbs.db',
  'desktop.ini',
]);

export interface WalkOptions {
  /** Whether a file of this name is included. */
  wants: (name: string) => boolean;
  signal: AbortSignal;
}

/** A file that is included, or a folder that could not be read and why. */
export type Walked = { path: string; error: null } | { path: string; error: unknown };

/**
 * Yields the included files of a folder and its subfolders, in natural order of their names. Links are followed, each
 * folder is visited once, and hidden ones are skipped. Ends after MAX_FILES.
 */
export async function* walkFolder(root: string, options: WalkOptions): AsyncGenerator<Walked> {
  const visited = new Set<string>();
  const waiting = [{ path: root, depth: 0 }];
  let files = 0;
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    options.signal.throwIfAborted();
    const listing = await list(folder.path, visited);
    if ('error' in listing) {
      yield { path: folder.path, error: listing.error };
      continue;
    }
    const folders: string[] = [];
    for (const entry of listing.entries) {
      const path = join(folder.path, entry.name);
      const kind = await kindOf(entry, path, options);
      if (kind === 'folder') folders.push(path);
      if (kind !== 'file') continue;
      yield { path, error: null };
      files += 1;
      if (files === MAX_FILES) return;
    }
    if (folder.depth === MAX_DEPTH) continue;
    // the last one pushed is visited first
    for (const path of folders.reverse()) waiting.push({ path, depth: folder.depth + 1 });
  }
}

type Listing = { entries: Dirent[] } | { error: unknown };

/** Returns no entries for a folder that was visited already, on another path. */
async function list(path: string, visited: Set<string>): Promise<Listing> {
  try {
    const real = await realpath(path);
    if (visited.has(real)) return { entries: [] };
    visited.add(real);
    const entries = await readdir(path, { withFileTypes: true });
    return { entries: entries.filter(({ name }) => !isHidden(name)).sort(byName) };
  } catch (error) {
    return { error };
  }
}

async function kindOf(
  entry: Dirent,
  path: string,
  { wants }: WalkOptions,
): Promise<'file' | 'folder' | null> {
  if (entry.isDirectory()) return 'folder';
  if (entry.isFile()) return wants(entry.name) ? 'file' : null;
  if (!entry.isSymbolicLink()) return null;
  // a dangling link is not what the user meant to add
  const target = await stat(path).catch(() => null);
  if (target?.isDirectory()) return 'folder';
  return target?.isFile() && wants(entry.name) ? 'file' : null;
}

function isHidden(name: string): boolean {
  return name.startsWith('.') || SYSTEM_NAMES.has(name.toLowerCase());
}

const names = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

function byName(one: Dirent, other: Dirent): number {
  return names.compare(one.name, other.name);
}
