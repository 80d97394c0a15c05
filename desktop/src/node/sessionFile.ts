import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { type SavedSession, type SessionStore, savedSessionSchema } from '../engine/api/session.ts';
import { writeFileAtomically } from './atomicFile.ts';

const LOCK_TIMEOUT_MS = 60_000;
const POLL_MS = 50;
const SQLITE_BUSY = 5;

/**
 * The session in a file that only its owner may read. Beside it lies an empty SQLite database, for its lock: the operating
 * system releases it when its holder dies, so no lock is ever stale and taken over by two processes at once.
 */
export class SessionFile implements SessionStore {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Returns null also for a file without a session. */
  async load(): Promise<SavedSession | null> {
    const text = await readFile(this.#path, 'utf8').catch(() => null);
    if (text === null) return null;
    try {
      return savedSessionSchema.parse(JSON.parse(text));
    } catch {
      return null;
    }
  }

  async save(session: SavedSession): Promise<void> {
    await writeFileAtomically(this.#path, `${JSON.stringify(session, null, 2)}\n`);
  }

  async remove(): Promise<void> {
    await rm(this.#path, { force: true });
  }

  async exclusively<T>(work: () => Promise<T>): Promise<T> {
    const path = `${this.#path}.lock.db`;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    // not opened where it exists: closing it would release the lock that another call of this process holds
    await open(path, 'wx', 0o600).then(
      (file) => file.close(),
      (error: unknown) => {
        if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      },
    );
    // the app bundles this file, stores its session elsewhere, and may run on a Node without SQLite
    const { DatabaseSync } = await import('node:sqlite');
    const lock = new DatabaseSync(path);
    try {
      const deadline = performance.now() + LOCK_TIMEOUT_MS;
      while (!tryLock(lock)) {
        if (performance.now() > deadline) {
          throw new ReelmillError('timeout', `Another process does not release ${path}.`);
        }
        await pause(POLL_MS);
      }
      return await work();
    } finally {
      lock.close();
    }
  }
}

function tryLock(lock: DatabaseSync): boolean {
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) return false;
    throw error;
  }
}
