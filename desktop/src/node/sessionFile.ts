import { mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { type SavedSession, type SessionStore, savedSessionSchema } from '../engine/api/session.ts';
import { writeFileAtomically } from './atomicFile.ts';

/** Longer than any call that is made under the lock: its holder has ended. */
const STALE_LOCK_MS = 45_000;
const LOCK_TIMEOUT_MS = 60_000;
const POLL_MS = 50;

/** The session in a file that only its owner may read, with a lock file beside it. */
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
    const lock = `${this.#path}.lock`;
    await mkdir(dirname(lock), { recursive: true, mode: 0o700 });
    const deadline = performance.now() + LOCK_TIMEOUT_MS;
    while (!(await tryLock(lock))) {
      if (performance.now() > deadline) {
        throw new ReelmillError('timeout', `Another process does not release ${lock}.`);
      }
      await pause(POLL_MS);
    }
    try {
      return await work();
    } finally {
      await rm(lock, { force: true });
    }
  }
}

async function tryLock(lock: string): Promise<boolean> {
  try {
    const file = await open(lock, 'wx', 0o600);
    await file.close();
    return true;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  const found = await stat(lock).catch(() => null);
  if (found !== null && Date.now() - found.mtimeMs > STALE_LOCK_MS) await rm(lock, { force: true });
  return false;
}
