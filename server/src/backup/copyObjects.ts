import { createReadStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { ObjectStore, StoredObject } from '@reelmill/shared/ports/objectStore.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { retry } from '@reelmill/shared/runtime/retry.ts';
import type { BackupFolder } from './backupFolder.ts';
import { createDigest, type Digest, receiveFile } from './files.ts';
import type { IndexedObject, ObjectIndex } from './objectIndex.ts';
import { forEachOf } from './workers.ts';

export interface CopyCounts {
  copied: number;
  copiedBytes: number;
  /** Those that were there already. */
  kept: number;
}

/** What belongs to videos; nothing else of the store is ours. */
const PREFIXES = ['raw/', 'processed/'];
const AT_ONCE = 8;
const TRIES = 3;
const REMOVE_BATCH = 500;

export interface CopyOptions {
  store: ObjectStore;
  folder: BackupFolder;
  index: ObjectIndex;
}

/** Copies every object to the folder that is not there yet as it is. Objects that go meanwhile are passed over. */
export async function copyOut({ store, folder, index }: CopyOptions, round: string): Promise<CopyCounts> {
  const counts: CopyCounts = { copied: 0, copiedBytes: 0, kept: 0 };
  for (const prefix of PREFIXES) {
    await forEachOf(store.list(prefix), AT_ONCE, async (listed) => {
      const known = await findKept(folder, index, listed);
      if (known !== null) {
        index.put({ ...known, etag: listed.etag }, round);
        counts.kept += 1;
        return;
      }
      const object = await copyOneOut({ store, folder, index }, listed.key);
      if (object === null) return;
      index.put(object, round);
      counts.copied += 1;
      counts.copiedBytes += object.sizeBytes;
    });
  }
  return counts;
}

/** What the folder has of an object, if that is the very same content. */
async function findKept(
  folder: BackupFolder,
  index: ObjectIndex,
  { key, sizeBytes, etag }: StoredObject,
): Promise<IndexedObject | null> {
  const known = index.find(key);
  // after a restore what had come in parts was put whole: its ETag is its MD5 then
  if (known === null || known.sizeBytes !== sizeBytes || ![known.etag, known.md5].includes(etag)) return null;
  const file = await stat(folder.objectFile(key)).catch(() => null);
  return file?.size === sizeBytes ? known : null;
}

async function copyOneOut(options: CopyOptions, key: string): Promise<IndexedObject | null> {
  // replaced while it was read, or a connection that broke
  const shouldRetry = (error: unknown, attempt: number): boolean => attempt < TRIES && !isGone(error);
  try {
    return await retry(() => copyOnceOut(options, key), { shouldRetry });
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

async function copyOnceOut({ store, folder }: CopyOptions, key: string): Promise<IndexedObject | null> {
  const facts = await store.stat(key);
  if (facts === null) return null;
  const { etag, contentType, sizeBytes } = facts;
  const { md5 } = await receiveFile(await store.get(key), folder.objectFile(key), (digest) =>
    assertSame(key, digest, { sizeBytes, md5: facts.md5 }),
  );
  return { key, sizeBytes, etag, md5, contentType };
}

function isGone(error: unknown): boolean {
  return error instanceof ReelmillError && error.code === 'not_found';
}

/** Removes from the folder what a round has not met. */
export async function pruneObjects(folder: BackupFolder, index: ObjectIndex, round: string): Promise<number> {
  let removed = 0;
  for (;;) {
    const keys = index.missedIn(round, REMOVE_BATCH);
    if (keys.length === 0) return removed;
    for (const key of keys) {
      await rm(folder.objectFile(key), { force: true });
      index.remove(key);
    }
    removed += keys.length;
  }
}

/** Puts every object of the folder into the store that is not there yet. Throws where the folder is damaged. */
export async function copyIn({ store, folder, index }: CopyOptions): Promise<CopyCounts> {
  const counts: CopyCounts = { copied: 0, copiedBytes: 0, kept: 0 };
  await forEachOf(index.all(), AT_ONCE, async (object) => {
    if (await isThere(store, object)) {
      counts.kept += 1;
      return;
    }
    await copyOneIn(store, folder, object);
    counts.copied += 1;
    counts.copiedBytes += object.sizeBytes;
  });
  return counts;
}

/** Keys are never used twice for different content, so of objects that came in parts the size tells enough. */
async function isThere(store: ObjectStore, { key, sizeBytes, etag, md5 }: IndexedObject): Promise<boolean> {
  const found = await store.stat(key);
  if (found === null || found.sizeBytes !== sizeBytes) return false;
  return found.etag === etag || found.etag === md5 || found.md5 === null;
}

async function copyOneIn(store: ObjectStore, folder: BackupFolder, object: IndexedObject): Promise<void> {
  const { key, sizeBytes, contentType, md5 } = object;
  const digest = createDigest();
  const source = createReadStream(folder.objectFile(key));
  const feeding = pipeline(source, digest.step);
  feeding.catch(() => undefined);
  await store.put(key, digest.step, { contentType, sizeBytes });
  await feeding;
  try {
    assertSame(key, digest.result(), { sizeBytes, md5 });
  } catch (error) {
    await store.remove([key]);
    throw error;
  }
}

function assertSame(key: string, got: Digest, wanted: { sizeBytes: number; md5: string | null }): void {
  if (got.sizeBytes === wanted.sizeBytes && (wanted.md5 === null || got.md5 === wanted.md5)) return;
  throw new ReelmillError('size_mismatch', `The copy of ${key} is not what it should be.`);
}
