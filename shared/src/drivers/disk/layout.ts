import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { assertObjectKey } from '../store/objectKey.ts';
import { isAbsent } from './diskErrors.ts';

const ABANDONED_AFTER_MS = 60 * 60 * 1000;

/**
 * Where things are under the store's root, all on one file system so that a rename moves them:
 * `objects/<key>` the bytes, `meta/<key>` what is known about them, `uploads/<id>` unfinished uploads, `tmp` the rest.
 */
export class DiskLayout {
  readonly objects: string;
  readonly meta: string;
  readonly uploads: string;
  readonly tmp: string;

  constructor(root: string) {
    this.objects = path.resolve(root, 'objects');
    this.meta = path.resolve(root, 'meta');
    this.uploads = path.resolve(root, 'uploads');
    this.tmp = path.resolve(root, 'tmp');
  }

  /** Makes the folders, and clears what a crash left half written; not what a server is writing now. */
  async prepare(): Promise<void> {
    for (const folder of [this.objects, this.meta, this.uploads, this.tmp])
      await mkdir(folder, { recursive: true });
    for (const name of await readdir(this.tmp)) {
      const leftover = path.join(this.tmp, name);
      const mtimeMs = await stat(leftover).then(
        (found) => found.mtimeMs,
        (error: unknown) => (isAbsent(error) ? Date.now() : Promise.reject(error)),
      );
      if (Date.now() - mtimeMs > ABANDONED_AFTER_MS) await rm(leftover, { recursive: true, force: true });
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

  newTmpPath(): string {
    return path.join(this.tmp, randomUUID());
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
