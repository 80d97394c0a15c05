import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { assertObjectKey } from '../store/objectKey.ts';
import { isAbsent } from './diskErrors.ts';

export const ABANDONED_AFTER_MS = 60 * 60 * 1000;
/** No URL lives longer: S3 allows a week. */
const URLS_END_AFTER_MS = 8 * 24 * 60 * 60 * 1000;
const CLEAR_EVERY_MS = 60 * 60 * 1000;

/**
 * Where things are under the store's root, all on one file system so that a rename moves them:
 * `objects/<key>` the bytes, `meta/<key>` what is known about them, `uploads/<id>` unfinished uploads,
 * `ended/<hash>` keys that cannot be put by URL any more, `tmp` the rest.
 */
export class DiskLayout {
  readonly objects: string;
  readonly meta: string;
  readonly uploads: string;
  readonly ended: string;
  readonly tmp: string;
  #clearedAt = 0;

  constructor(root: string) {
    this.objects = path.resolve(root, 'objects');
    this.meta = path.resolve(root, 'meta');
    this.uploads = path.resolve(root, 'uploads');
    this.ended = path.resolve(root, 'ended');
    this.tmp = path.resolve(root, 'tmp');
  }

  /** Makes the folders, and clears what a crash left half written; not what a server is writing now. */
  async prepare(): Promise<void> {
    for (const folder of [this.objects, this.meta, this.uploads, this.ended, this.tmp])
      await mkdir(folder, { recursive: true });
    await this.clearOld();
  }

  /**
   * Removes what was half written long ago, and marks of URLs that have long expired; does nothing where it did so within
   * the last hour.
   */
  async clearOld(): Promise<void> {
    const now = Date.now();
    if (now - this.#clearedAt < CLEAR_EVERY_MS) return;
    this.#clearedAt = now;
    // not by the clock of this process: where that is ahead, everything would be old
    const writtenNow = (await this.readClock()).getTime();
    await removeOlder(this.tmp, writtenNow - ABANDONED_AFTER_MS);
    await removeOlder(this.ended, writtenNow - URLS_END_AFTER_MS);
  }

  /** When a file was written just now, by the clock of the file system, which may be another machine's. */
  async readClock(): Promise<Date> {
    const probe = this.newTmpPath();
    const file = await open(probe, 'wx');
    try {
      return (await file.stat()).mtime;
    } finally {
      await file.close();
      await rm(probe, { force: true });
    }
  }

  /** Throws `validation_failed` for a key that is none. */
  objectPath(key: string): string {
    assertObjectKey(key);
    return path.join(this.objects, key);
  }

  /** Throws `validation_failed` for a key that is none. */
  metaPath(key: string): string {
    assertObjectKey(key);
    return path.join(this.meta, key);
  }

  endedPath(key: string): string {
    return path.join(this.ended, createHash('sha256').update(key).digest('hex'));
  }

  newTmpPath(): string {
    return path.join(this.tmp, randomUUID());
  }
}

async function removeOlder(folder: string, beforeMs: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const stale = path.join(folder, name);
    const mtimeMs = await stat(stale).then(
      (found) => found.mtimeMs,
      (error: unknown) => (isAbsent(error) ? beforeMs : Promise.reject(error)),
    );
    if (mtimeMs < beforeMs) await rm(stale, { recursive: true, force: true });
  }
}

/** Makes the names in a folder survive a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
