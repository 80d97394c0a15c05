import type { Dir } from 'node:fs';
import {
  access,
  copyFile,
  type FileHandle,
  link,
  mkdir,
  open,
  opendir,
  readdir,
  readFile,
  rename,
  rm,
  rmdir,
  stat,
  unlink,
  utimes,
} from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { z } from 'zod';
import { claimedMd5 } from '../../core/storeEtag.ts';
import type { ObjectFacts, StoredObject } from '../../ports/objectStore.ts';
import { ReelmillError } from '../../runtime/errors.ts';
import { assertMd5 } from '../store/exactSize.ts';
import { errnoOf, isAbsent } from './diskErrors.ts';
import { KeyedLock } from './keyedLock.ts';
import { ABANDONED_AFTER_MS, type DiskLayout, syncFolder } from './layout.ts';
import { PartWriters } from './partWriters.ts';
import { receiveBytes, type WriteGate } from './receiveBytes.ts';

/** What is known about one content of an object; `sizeBytes` and `mtimeMs` identify the file that it belongs to. */
const generationSchema = z.object({
  etag: z.string(),
  contentType: z.string(),
  sizeBytes: z.number(),
  mtimeMs: z.number(),
});
type Generation = z.infer<typeof generationSchema>;

interface NewObject {
  contentType: string;
  sizeBytes: number;
  /** Throws `checksum_mismatch` where the bytes have another one. */
  md5?: string | undefined;
  signal?: AbortSignal | undefined;
  gate?: WriteGate;
}

export interface OpenObject {
  object: ObjectFacts;
  /** Whoever opened the object closes it. */
  file: FileHandle;
}

/**
 * Objects as files. An object changes at one instant, when its file is renamed into place; the sidecar that was written
 * just before describes both the new content and the one it replaces, so that a reader or a crash in between finds the
 * description of whichever file is there.
 */
export class DiskObjects {
  readonly #layout: DiskLayout;
  readonly #commits = new KeyedLock();
  readonly #putsByUrl = new PartWriters();

  constructor(layout: DiskLayout) {
    this.#layout = layout;
  }

  /** Receives a whole object of exactly `sizeBytes`, or leaves things as they were. Resolves with its ETag. */
  write(key: string, body: Readable, options: NewObject): Promise<string> {
    return this.#receive(key, body, { ...options, byUrl: false });
  }

  /**
   * The same through a URL. A newer one puts an end to an older one of the same key. Throws `signature_invalid` where
   * URLs of this key have ended, `aborted`, or what the gate refuses with.
   */
  writeByUrl(key: string, body: Readable, options: NewObject): Promise<string> {
    return this.#putsByUrl.run(key, 1, async (signal) => {
      await this.#assertPutAllowed(key);
      return await this.#receive(key, body, { ...options, signal, byUrl: true });
    });
  }

  async #receive(key: string, body: Readable, options: NewObject & { byUrl: boolean }): Promise<string> {
    this.#layout.objectPath(key);
    const tmpPath = this.#layout.newTmpPath();
    try {
      const file = await open(tmpPath, 'wx');
      let etag: string;
      try {
        etag = await receiveBytes(body, file, { ...options, position: 0, freesBuffers: options.byUrl });
        assertMd5(etag, options.md5);
      } finally {
        await file.close();
      }
      const { contentType, byUrl } = options;
      await this.commit(key, tmpPath, { etag, contentType }, byUrl);
      return etag;
    } catch (error) {
      await rm(tmpPath, { force: true });
      throw error;
    }
  }

  /** Makes a finished, synced file the object: a rename, never a copy. */
  commit(
    key: string,
    filePath: string,
    facts: { etag: string; contentType: string },
    byUrl = false,
  ): Promise<void> {
    return this.#commits.run(key, async () => {
      if (byUrl) await this.#assertPutAllowed(key);
      const { size, mtimeMs } = await statFile(filePath);
      const current = await this.read(key);
      const generations: Generation[] = [{ ...facts, sizeBytes: size, mtimeMs }];
      if (current) {
        const { etag, contentType, sizeBytes, lastModified } = current;
        generations.push({ etag, contentType, sizeBytes, mtimeMs: lastModified.getTime() });
      }
      await this.#writeSidecar(key, generations);
      await moveInto(filePath, this.#layout.objectPath(key));
    });
  }

  /** From now on no URL puts this key; what is being received through one is aborted and removed. */
  async endPut(key: string): Promise<void> {
    await this.#layout.clearOld();
    await this.#commits.run(key, async () => {
      const ended = await open(this.#layout.endedPath(key), 'a');
      await ended.close();
      await syncFolder(this.#layout.ended);
    });
    // not under the lock, which one that is whole already waits for
    await this.#putsByUrl.stop(key);
  }

  /** Puts an end to everything that is being received through URLs. */
  async close(): Promise<void> {
    await this.#putsByUrl.stopAll();
  }

  /** Throws `signature_invalid` where URLs that put this key have ended. */
  async #assertPutAllowed(key: string): Promise<void> {
    try {
      await access(this.#layout.endedPath(key));
    } catch (error) {
      if (isAbsent(error)) return;
      throw error;
    }
    throw new ReelmillError('signature_invalid', 'The upload that this link is for has ended.');
  }

  /**
   * Makes a content another object as well: by a second name for the same file, which is never written again, or by a
   * copy where the file system has no such names. Throws `not_found`, or `precondition_failed` for another content.
   */
  async copy(from: StoredObject, to: string): Promise<StoredObject> {
    const tmpPath = this.#layout.newTmpPath();
    const { contentType, etag } = await this.#commits.run(from.key, async () => {
      const current = await this.read(from.key);
      if (current === null) throw new ReelmillError('not_found', 'There is no such object.');
      if (current.etag !== from.etag)
        throw new ReelmillError('precondition_failed', 'The object has changed.');
      await linkOrCopy(this.#layout.objectPath(from.key), tmpPath, current.lastModified);
      return current;
    });
    try {
      await this.commit(to, tmpPath, { etag, contentType });
    } catch (error) {
      await rm(tmpPath, { force: true });
      throw error;
    }
    const copied = await this.read(to);
    if (copied !== null) return toStoredObject(copied);
    throw new ReelmillError('not_found', 'There is no such object.');
  }

  /** The object and its open file, or null. */
  async open(key: string): Promise<OpenObject | null> {
    let file: FileHandle;
    try {
      file = await open(this.#layout.objectPath(key), 'r');
    } catch (error) {
      if (isAbsent(error)) return null;
      throw error;
    }
    try {
      const object = await this.#readFacts(key, file);
      if (object) return { object, file };
    } catch (error) {
      await file.close();
      throw error;
    }
    await file.close();
    return null;
  }

  /** What is known about the object, or null. */
  async read(key: string): Promise<ObjectFacts | null> {
    const opened = await this.open(key);
    await opened?.file.close();
    return opened?.object ?? null;
  }

  async *list(prefix: string): AsyncGenerator<StoredObject> {
    // the folder part of the prefix is a key's beginning, so the rules of keys hold for it
    const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    const start = folder === '' ? this.#layout.objects : this.#layout.objectPath(folder.slice(0, -1));
    for await (const key of walk(start, folder, prefix)) {
      const found = await this.read(key);
      if (found) yield toStoredObject(found);
    }
  }

  /** Passes over an object that is not there. */
  remove(key: string): Promise<void> {
    return this.#commits.run(key, async () => {
      for (const [filePath, top] of [
        [this.#layout.objectPath(key), this.#layout.objects],
        [this.#layout.metaPath(key), this.#layout.meta],
      ] as const) {
        try {
          await unlink(filePath);
        } catch (error) {
          // EISDIR: other keys begin with this one, so it is a folder and no object
          if (!isAbsent(error) && errnoOf(error) !== 'EISDIR') throw error;
        }
        await pruneFolders(path.dirname(filePath), top);
      }
    });
  }

  /** See the port. A description comes before its object: only one that has long been alone is left over. */
  async prune(prefix: string): Promise<void> {
    await this.#layout.clearOld();
    const folder = prefix.slice(0, -1);
    for await (const key of walk(this.#layout.metaPath(folder), prefix, prefix)) {
      const { mtimeMs } = await stat(this.#layout.metaPath(key));
      if (Date.now() - mtimeMs < ABANDONED_AFTER_MS) continue;
      if ((await this.read(key)) === null) await this.remove(key);
    }
    await removeEmptyFolders(this.#layout.objectPath(folder));
    await removeEmptyFolders(this.#layout.metaPath(folder));
  }

  async #readFacts(key: string, file: FileHandle): Promise<ObjectFacts | null> {
    const stats = await file.stat();
    if (!stats.isFile()) return null;
    const generations = await this.#readSidecar(key);
    const generation = generations.find(
      (known) => known.sizeBytes === stats.size && Math.trunc(known.mtimeMs) === Math.trunc(stats.mtimeMs),
    );
    const etag = generation?.etag;
    return {
      key,
      sizeBytes: stats.size,
      // a file that was put there by hand has no description; its size and time distinguish one content from another
      etag: etag ?? `${stats.size.toString(16)}-${Math.trunc(stats.mtimeMs).toString(16)}`,
      contentType: generation?.contentType ?? 'application/octet-stream',
      lastModified: stats.mtime,
      md5: claimedMd5({ etag }),
    };
  }

  async #readSidecar(key: string): Promise<Generation[]> {
    try {
      const parsed: unknown = JSON.parse(await readFile(this.#layout.metaPath(key), 'utf8'));
      return z.array(generationSchema).parse(parsed);
    } catch (error) {
      // a damaged description must not make the object unreadable
      if (isAbsent(error) || errnoOf(error) === 'EISDIR' || !errnoOf(error)) return [];
      throw error;
    }
  }

  async #writeSidecar(key: string, generations: Generation[]): Promise<void> {
    const tmpPath = this.#layout.newTmpPath();
    const file = await open(tmpPath, 'wx');
    try {
      await file.writeFile(JSON.stringify(generations));
      await file.sync();
    } finally {
      await file.close();
    }
    await moveInto(tmpPath, this.#layout.metaPath(key));
  }
}

export function toStoredObject({ key, sizeBytes, etag, lastModified }: ObjectFacts): StoredObject {
  return { key, sizeBytes, etag, lastModified };
}

const NO_LINKS: ReadonlySet<string | undefined> = new Set(['EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK']);

async function linkOrCopy(from: string, to: string, lastModified: Date): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (!NO_LINKS.has(errnoOf(error))) throw error;
    await copyFile(from, to);
    await utimes(to, lastModified, lastModified);
    await syncFile(to);
  }
}

async function syncFile(filePath: string): Promise<void> {
  const file = await open(filePath, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

async function statFile(filePath: string): Promise<{ size: number; mtimeMs: number }> {
  const file = await open(filePath, 'r');
  try {
    return await file.stat();
  } finally {
    await file.close();
  }
}

async function moveInto(from: string, to: string): Promise<void> {
  const folder = path.dirname(to);
  for (let attempt = 1; ; attempt += 1) {
    try {
      await mkdir(folder, { recursive: true });
      await rename(from, to);
      break;
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === 'EEXIST' || errno === 'ENOTDIR' || errno === 'EISDIR')
        throw new ReelmillError('validation_failed', 'A key cannot be an object and the folder of another.', {
          cause: error,
        });
      // the folder was empty and pruned between the two calls
      if (errno !== 'ENOENT' || attempt >= 5) throw error;
    }
  }
  await syncFolder(folder);
}

async function* walk(folder: string, keyOfFolder: string, prefix: string): AsyncGenerator<string> {
  let entries: Dir;
  try {
    entries = await opendir(folder);
  } catch (error) {
    if (isAbsent(error)) return;
    throw error;
  }
  for await (const entry of entries) {
    const key = `${keyOfFolder}${entry.name}`;
    if (entry.isDirectory()) {
      const inside = `${key}/`;
      if (inside.startsWith(prefix)) yield* walk(path.join(folder, entry.name), inside, prefix);
    } else if (key.startsWith(prefix)) yield key;
  }
}

/** Removes the folders below and including this one that hold no files. */
async function removeEmptyFolders(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (isAbsent(error)) return [];
    throw error;
  });
  for (const entry of entries) {
    if (entry.isDirectory()) await removeEmptyFolders(path.join(folder, entry.name));
  }
  // fails, as it should, while something is in it
  await rmdir(folder).catch(() => undefined);
}

async function pruneFolders(folder: string, top: string): Promise<void> {
  for (let current = folder; current !== top; current = path.dirname(current)) {
    try {
      await rmdir(current);
    } catch {
      return; // not empty, or gone already: either way there is nothing more to remove
    }
  }
}
