import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';

/** `path mode` of whatever below a folder, and the folder itself, gives others any right; what it looked at is counted. */
export async function findOpen(entry: string, seen: Set<string>): Promise<string[]> {
  const found = await lstat(entry).catch(() => null);
  // the mode of a symbolic link means nothing
  if (found === null || found.isSymbolicLink()) return [];
  seen.add(entry);
  const open = (found.mode & 0o077) === 0 ? [] : [`${entry} ${(found.mode & 0o777).toString(8)}`];
  if (!found.isDirectory()) return open;
  const names = await readdir(entry).catch(() => []);
  return [
    ...open,
    ...(await Promise.all(names.map((name) => findOpen(path.join(entry, name), seen)))).flat(),
  ];
}
