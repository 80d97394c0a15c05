import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { open, readdir, readFile, readlink, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const LSOF_MS = 10_000;

/**
 * Returns which of these files a program has open for writing, as far as the system reports it: on Linux and macOS
 * programs of the same user on this machine, on Windows those that do not share the file. Never throws.
 */
export async function findFilesBeingWritten(
  paths: ReadonlySet<string>,
  platform: NodeJS.Platform = process.platform,
): Promise<Set<string>> {
  if (paths.size === 0) return new Set();
  if (platform === 'linux') return findWithProc(paths);
  return platform === 'win32' ? findByOpening(paths) : findWithLsof(paths);
}

/** `/proc/PID/fd/N` leads to the file; `/proc/PID/fdinfo/N` says how it was opened. */
async function findWithProc(paths: ReadonlySet<string>): Promise<Set<string>> {
  const byTarget = new Map<string, string>();
  for (const path of paths) byTarget.set(await realpath(path).catch(() => path), path);
  const found = new Set<string>();
  for (const pid of await list('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    // the files of other users' processes cannot be listed
    const opened = await list(join('/proc', pid, 'fd'));
    const targets = await Promise.all(
      opened.map((fd) => readlink(join('/proc', pid, 'fd', fd)).catch(() => '')),
    );
    for (const [index, fd] of opened.entries()) {
      const path = byTarget.get(targets[index] ?? '');
      if (path !== undefined && (await isForWriting(join('/proc', pid, 'fdinfo', fd)))) found.add(path);
    }
  }
  return found;
}

function list(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

async function isForWriting(file: string): Promise<boolean> {
  const info = await readFile(file, 'utf8').catch(() => '');
  const flags = Number.parseInt(/^flags:\s*([0-7]+)$/m.exec(info)?.[1] ?? '0', 8);
  return (flags & (constants.O_WRONLY | constants.O_RDWR)) !== 0;
}

/** A program that writes a recording locks it against other writers. */
async function findByOpening(paths: ReadonlySet<string>): Promise<Set<string>> {
  const found = new Set<string>();
  for (const path of paths) {
    try {
      await (await open(path, 'r+')).close();
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EBUSY') found.add(path);
    }
  }
  return found;
}

/** `lsof -F an` prints the access (`ar`, `aw`, `au`) and then the name (`n/path`) of each open file. */
async function findWithLsof(paths: ReadonlySet<string>): Promise<Set<string>> {
  // it exits with 1 where nobody has one of the files open
  const { stdout } = await promisify(execFile)('lsof', ['-F', 'an', '--', ...paths], {
    timeout: LSOF_MS,
  }).catch((error: { stdout?: string }) => ({ stdout: error.stdout ?? '' }));
  return new Set([...readLsof(stdout)].filter((path) => paths.has(path)));
}

/** The files that are open for writing, as `lsof -F an` prints them. */
export function readLsof(output: string): Set<string> {
  const found = new Set<string>();
  let access = '';
  for (const line of output.split('\n')) {
    if (line.startsWith('a')) access = line.slice(1);
    else if (line.startsWith('n') && /[wu]/.test(access)) found.add(line.slice(1));
  }
  return found;
}
