import { mkdir, open, rm } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ConfigError } from '@reelmill/shared/runtime/config.ts';
import { reasonOf } from '@reelmill/shared/runtime/dependencies.ts';

/** About as much as a server writes when it starts. */
const PROBE_BYTES = 1024 * 1024;
const LOCK_FILE = 'server.lock';

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'its disk is full',
  EDQUOT: 'its disk quota is used up',
  EROFS: 'its disk is read-only',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  ENOTDIR: 'a file is in the way',
  EEXIST: 'a file is in the way',
};

/**
 * Creates the data folder of a standalone server if necessary, checks that it is writable, and locks it against other
 * servers until the returned function is called or the process ends. Throws ConfigError where one of these fails.
 */
export async function lockDataFolder(folder: string): Promise<() => void> {
  try {
    await mkdir(folder, { recursive: true });
    await probeWrite(folder);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const reason = REASONS[code] ?? 'it cannot be written';
    throw new ConfigError(`REELMILL_DATA: ${folder}: ${reason} (${reasonOf(error)})`);
  }
  return lock(folder);
}

async function probeWrite(folder: string): Promise<void> {
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

/** Locks by an open SQLite transaction: the system releases it with the process, so the lock cannot become stale. */
function lock(folder: string): () => void {
  const holder = new DatabaseSync(path.join(folder, LOCK_FILE), { timeout: 0 });
  try {
    // nothing is written, so it needs no journal file
    holder.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    holder.close();
    throw new ConfigError(
      `REELMILL_DATA: another server uses ${folder}; stop it, or choose another folder (${reasonOf(error)})`,
    );
  }
  return () => holder.close();
}
