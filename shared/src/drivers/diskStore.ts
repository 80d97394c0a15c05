import { access, constants, statfs } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { Audience, ObjectStore, SignOptions } from '../ports/objectStore.ts';
import { ReelmillError } from '../runtime/errors.ts';
import { toStoreError, withStoreErrors } from './disk/diskErrors.ts';
import { DiskObjects } from './disk/diskObjects.ts';
import { DiskUploads } from './disk/diskUploads.ts';
import { FreeSpace } from './disk/freeSpace.ts';
import { createStoreHandler, type StoreHandler } from './disk/httpHandler.ts';
import { DiskLayout } from './disk/layout.ts';
import { type Grant, signGrant } from './disk/signedUrls.ts';
import { ignoreEarlyError } from './store/exactSize.ts';
import { assertObjectKey } from './store/objectKey.ts';
import { assertPartNumber } from './store/parts.ts';

const READ_BUFFER_BYTES = 1024 * 1024;

/** Where the handler is mounted, as each audience reaches it, without a slash at the end. */
export type BaseUrls = Record<Audience, string>;

export interface DiskStoreOptions {
  /**
   * The folder that holds everything; made where it is not there. A backup reads meanwhile. One process receives uploads;
   * another may write objects beside it, as a worker does. Where both change the same key at the same moment the object is
   * whole all the same, but may lose its type and ETag to those of an unknown file: keys of tasks are theirs alone.
   */
  root: string;
  signingSecret: string;
  /** What signed URLs leave free on the disk; none by default. */
  minFreeBytes?: number;
  /** A function where the address is known only after the server listens. */
  baseUrls: BaseUrls | (() => BaseUrls);
}

export interface DiskStore extends ObjectStore {
  /** Serves the signed URLs; see `createStoreHandler`. */
  readonly handle: StoreHandler;
}

/** Returns an object store in a folder. The caller mounts `handle` at the addresses in `baseUrls`. */
export async function createDiskStore(options: DiskStoreOptions): Promise<DiskStore> {
  const layout = new DiskLayout(options.root);
  await withStoreErrors(() => layout.prepare());
  const objects = new DiskObjects(layout);
  const uploads = new DiskUploads(layout, objects);
  const secret = options.signingSecret;

  const sign = (grant: Grant, { audience, expiresSeconds }: SignOptions): string => {
    const baseUrls = typeof options.baseUrls === 'function' ? options.baseUrls() : options.baseUrls;
    const expiresAt = Math.ceil(Date.now() / 1000 + expiresSeconds);
    return `${baseUrls[audience]}${signGrant(secret, grant, expiresAt)}`;
  };

  return {
    handle: createStoreHandler({
      secret,
      objects,
      uploads,
      space: new FreeSpace(layout.objects, options.minFreeBytes ?? 0),
    }),
    createUpload: (key, plan) => withStoreErrors(() => uploads.create({ key, ...plan })),
    async signPart(upload, partNumber, { sizeBytes, ...signOptions }) {
      assertPartNumber(partNumber);
      return sign({ verb: 'part', uploadId: upload.uploadId, partNumber, sizeBytes }, signOptions);
    },
    async signPut(key, { maxBytes, ...signOptions }) {
      assertObjectKey(key);
      return sign({ verb: 'put', key, maxBytes }, signOptions);
    },
    endPut: (key) => withStoreErrors(() => objects.endPut(key)),
    copy: (from, to) => withStoreErrors(() => objects.copy(from, to)),
    async signGet(key, { contentType, ...signOptions }) {
      assertObjectKey(key);
      return sign({ verb: 'get', key, contentType }, signOptions);
    },
    listParts: (upload) => withStoreErrors(() => uploads.listParts(upload)),
    completeUpload: (upload, parts) => withStoreErrors(() => uploads.complete(upload, parts)),
    abortUpload: (upload) => withStoreErrors(() => uploads.abort(upload)),
    async *listUploads(key) {
      try {
        yield* uploads.list(key);
      } catch (error) {
        throw toStoreError(error);
      }
    },
    put: (key, body, putOptions) =>
      withStoreErrors(async () => {
        const source = Buffer.isBuffer(body)
          ? Readable.from([body], { objectMode: false })
          : ignoreEarlyError(body);
        await objects.write(key, source, putOptions);
      }),
    get: (key) =>
      withStoreErrors(async () => {
        const opened = await objects.open(key);
        if (!opened) throw new ReelmillError('not_found', 'There is no such object.');
        return opened.file.createReadStream({ highWaterMark: READ_BUFFER_BYTES });
      }),
    stat: (key) => withStoreErrors(() => objects.read(key)),
    async *list(prefix) {
      try {
        yield* objects.list(prefix);
      } catch (error) {
        throw toStoreError(error);
      }
    },
    remove: (keys) =>
      withStoreErrors(async () => {
        for (const key of keys) await objects.remove(key);
      }),
    prune: (prefix) => withStoreErrors(() => objects.prune(prefix)),
    now: () => withStoreErrors(() => layout.readClock()),
    space: () =>
      withStoreErrors(async () => {
        const { bavail, blocks, bsize, files, ffree } = await statfs(layout.objects);
        const freeFiles = files === 0 ? null : ffree;
        return { freeBytes: bavail * bsize, sizeBytes: blocks * bsize, freeFiles };
      }),
    check: () => withStoreErrors(() => access(layout.objects, constants.R_OK | constants.W_OK)),
    async close() {
      await Promise.all([uploads.close(), objects.close()]);
    },
  };
}
