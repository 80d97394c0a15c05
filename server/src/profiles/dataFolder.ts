import { mkdir, open, rm } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ConfigError } from '@reelmill/shared/runtime/config.ts';
import { reasonOf } from '@reelmill/shared/runtime/dependencies.ts';

/** A server that starts writes about as much before it can serve. */
const PROBE_BYTES = 1024 * 1024;
const LOCK_FILE = 'server.lock';

const MEANINGS: Readonly<Record<string, string>> = {
  ENOSPC: 'its disk is full',
  EDQUOT: 'its disk quota is used up',
  EROFS: 'its disk is read-only',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  ENOTDIR: 'a file is in the way',
  EEXIST: 'a file is in the way',
};

/**
 * Makes the data folder of a standalone server where it is not there, tries whether it can be written, and keeps it from
 * other servers until the returned function is called or the process ends, however it ends. Throws ConfigError where that
 * cannot be.
 */
export async function takeDataFolder(folder: string): Promise<() => void> {
  try {
    await mkdir(folder, { recursive: true });
    await tryToWrite(folder);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const meaning = MEANINGS[code] ?? 'it cannot be written';
    throw new ConfigError(`REELMILL_DATA: ${folder}: ${meaning} (${reasonOf(error)})`);
  }
  return lock(folder);
}

async function tryToWrite(folder: string): Promise<void> {
  const file = path.join(folder, `.probe-${process.pid}`);
  try {
    const probe = await open(file, 'w', 0o600);
    try {
      await probe.writeFile(Buffer.alloc(PROBE_BYTES));
      await probe.sync();
    } finally {
      await probe.close();
    }
  } finally {
    await rm(file, { force: true });
  }
}

/** A transaction of SQLite that never ends: the system ends its lock with the process, and leaves nothing stale behind. */
function lock(folder: string): () => void {
  const holder = new DatabaseSync(path.join(folder, LOCK_FILE), { timeout: 0 });
  try {
    // nothing is ever written, so no journal need lie beside it
    holder.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    holder.close();
    throw new ConfigError(
      `REELMILL_DATA: another server uses ${folder}; stop it, or take another folder (${reasonOf(error)})`,
    );
  }
  return () => holder.close();
}
