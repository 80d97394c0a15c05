import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { CopyDestinationOptions, CopySourceOptions } from 'minio';
import { LIMITS } from '../contracts/limits.ts';
import { cacheControlOf } from '../core/objectKeys.ts';
import { claimedMd5, plainEtag } from '../core/storeEtag.ts';
import type {
  ObjectFacts,
  ObjectStore,
  OpenUpload,
  PutOptions,
  SignOptions,
  StoredObject,
  StoredPart,
  UploadRef,
} from '../ports/objectStore.ts';
import { ReelmillError } from '../runtime/errors.ts';
import { putInParts } from './minio/putInParts.ts';
import { putThroughUrl } from './minio/putThroughUrl.ts';
import { S3Client } from './minio/s3Client.ts';
import { isBrokenConnection, s3CodeOf, toStoreError } from './minio/s3Errors.ts';
import { exactMd5, ignoreEarlyError } from './store/exactSize.ts';
import { assertObjectKey } from './store/objectKey.ts';
import { assertPartNumber, assertSameParts, joinEtags, sortParts, sumSizes } from './store/parts.ts';

const REMOVE_BATCH = 1000;
const PUT_URL_SECONDS = 900;
/** 5 GiB, the most that one PUT takes, at 6 MiB/s. */
const COPY_MS = 15 * 60_000;
const ANY_TYPE = 'application/octet-stream';

export interface StoreCredentials {
  accessKey: string;
  secretKey: string;
}

export interface MinioStoreOptions {
  /** The store as this process reaches it, such as `http://minio:9000`. */
  endpoint: string;
  /** The store as creators and players reach it; public URLs are signed for this host and never rewritten. */
  publicEndpoint: string;
  accessKey: string;
  secretKey: string;
  /**
   * Whose signatures the URLs for creators and players carry. Whoever has a URL may add headers that nobody signed, such
   * as `x-amz-copy-source`, with the rights of the user who signed it: so these are users who may do nothing but what
   * such a URL is for, `upload` put objects and parts under `raw/`, `playback` get objects under `processed/`. Left out
   * where no public URL is ever signed, as in workers.
   */
  publicSigners?: { upload: StoreCredentials; playback: StoreCredentials };
  bucket: string;
  region: string;
  /** The largest object that is put in one request; what the store allows by default. */
  singlePutBytes?: number;
}

/** Makes the bucket where it is not there yet; several servers may do so together. Throws `unavailable`. */
export async function ensureBucket(
  options: Omit<MinioStoreOptions, 'publicEndpoint' | 'publicSigners' | 'singlePutBytes'>,
): Promise<void> {
  const client = new S3Client(options);
  try {
    if (!(await client.knowsBucket(options.bucket))) await client.makeBucket(options.bucket, options.region);
  } catch (error) {
    const made = ['BucketAlreadyOwnedByYou', 'BucketAlreadyExists'].includes(s3CodeOf(error) ?? '');
    if (!made) throw toStoreError(error);
  } finally {
    client.close();
  }
}

/** An object store in a bucket of MinIO or another S3. The bucket must be there. */
export function createMinioStore(options: MinioStoreOptions): ObjectStore {
  return new MinioStore(options);
}

class MinioStore implements ObjectStore {
  readonly #bucket: string;
  readonly #client: S3Client;
  /** Copies a large object in one request, which is silent until it is done. */
  readonly #patientClient: S3Client;
  readonly #publicClients: { PUT: S3Client; GET: S3Client } | undefined;
  readonly #singlePutBytes: number;

  constructor(options: MinioStoreOptions) {
    this.#bucket = options.bucket;
    this.#singlePutBytes = options.singlePutBytes ?? LIMITS.maxSinglePutBytes;
    this.#client = new S3Client(options);
    this.#patientClient = new S3Client({ ...options, silenceMs: COPY_MS });
    const { region, publicEndpoint: endpoint, publicSigners } = options;
    this.#publicClients = publicSigners && {
      PUT: new S3Client({ ...publicSigners.upload, endpoint, region }),
      GET: new S3Client({ ...publicSigners.playback, endpoint, region }),
    };
  }

  createUpload(key: string, options: { contentType: string }): Promise<UploadRef> {
    assertObjectKey(key);
    return this.#call(async () => {
      const headers = { 'Content-Type': options.contentType, 'Cache-Control': cacheControlOf(key) };
      return { key, uploadId: await this.#client.initiateNewMultipartUpload(this.#bucket, key, headers) };
    });
  }

  async signPart(
    upload: UploadRef,
    partNumber: number,
    { sizeBytes, ...options }: SignOptions & { sizeBytes?: number },
  ): Promise<string> {
    assertPartNumber(partNumber);
    return this.#sign('PUT', upload.key, options, {
      query: { partNumber: String(partNumber), uploadId: upload.uploadId },
      headers: sizeBytes === undefined ? {} : { 'content-length': String(sizeBytes) },
    });
  }

  /** Ignores `maxBytes`: S3 can sign an exact length, but no maximum. */
  async signPut(key: string, options: SignOptions): Promise<string> {
    return this.#sign('PUT', key, options);
  }

  async signGet(key: string, options: SignOptions & { contentType?: string }): Promise<string> {
    const { contentType } = options;
    return this.#sign('GET', key, options, {
      query: contentType ? { 'response-content-type': contentType } : {},
    });
  }

  listParts(upload: UploadRef): Promise<StoredPart[]> {
    return this.#call(() => this.#client.listStoredParts(this.#bucket, upload.key, upload.uploadId));
  }

  async completeUpload(upload: UploadRef, parts: readonly StoredPart[]): Promise<StoredObject> {
    let isJoined = false;
    try {
      // S3 looks at the ETags of the parts it is given, not at their sizes nor at parts that are left over
      assertSameParts(parts, await this.listParts(upload));
      const wanted = sortParts(parts).map(({ partNumber, etag }) => ({ part: partNumber, etag }));
      await this.#call(() =>
        this.#client.completeMultipartUpload(this.#bucket, upload.key, upload.uploadId, wanted),
      );
      isJoined = true;
    } catch (error) {
      // it may have been completed before; whether it was is seen below
      if (!(error instanceof ReelmillError) || error.code !== 'upload_gone') throw error;
    }
    const object = await this.stat(upload.key);
    // of an object that was joined before, the ETag shows whether it is of these parts, where ETags are MD5s at all
    const isOfParts = isJoined || object?.etag === joinEtags(parts) || object?.etag === '';
    if (object !== null && isOfParts && object.sizeBytes === sumSizes(parts)) return object;
    throw new ReelmillError('upload_gone', 'The store does not know this upload, or it has ended.');
  }

  async abortUpload(upload: UploadRef): Promise<void> {
    try {
      await this.#call(() => this.#client.abortMultipartUpload(this.#bucket, upload.key, upload.uploadId));
    } catch (error) {
      if (!(error instanceof ReelmillError) || error.code !== 'upload_gone') throw error;
    }
  }

  async *listUploads(key?: string): AsyncGenerator<OpenUpload> {
    // MinIO lists by a whole key or without any prefix, S3 by every prefix: so the rest is sorted out here
    let markers = { key: '', uploadId: '' };
    do {
      const page = await this.#call(() =>
        this.#client.listIncompleteUploadsQuery(this.#bucket, key ?? '', markers.key, markers.uploadId, ''),
      );
      for (const upload of page.uploads) {
        if (key !== undefined && upload.key !== key) continue;
        yield { key: upload.key, uploadId: upload.uploadId, startedAt: new Date(upload.initiated) };
      }
      markers = page.isTruncated
        ? { key: page.nextKeyMarker, uploadId: page.nextUploadIdMarker }
        : { key: '', uploadId: '' };
    } while (markers.key !== '');
  }

  async put(key: string, body: Readable | Buffer, options: PutOptions): Promise<void> {
    const source = Buffer.isBuffer(body) ? Readable.from([body]) : ignoreEarlyError(body);
    const { contentType, sizeBytes, md5, signal } = options;
    if (sizeBytes > this.#singlePutBytes) {
      const send = (url: string, part: Readable, bytes: number): Promise<void> =>
        putThroughUrl(url, part, {
          contentType,
          sizeBytes: bytes,
          agent: this.#client.agent,
          ...(signal && { signal }),
        });
      const checked = Readable.from(exactMd5(md5)(source), { objectMode: false });
      return putInParts(this, { key, body: checked, contentType, sizeBytes }, send).catch(
        (error: unknown) => {
          throw signal?.aborted ? abortedPut(error) : toStoreError(error);
        },
      );
    }
    const url = this.#sign('PUT', key, { audience: 'internal', expiresSeconds: PUT_URL_SECONDS });
    const known = md5 ?? (Buffer.isBuffer(body) ? createHash('md5').update(body).digest('hex') : undefined);
    try {
      const checked = known === undefined ? options : { ...options, md5: known };
      const cacheControl = cacheControlOf(key);
      await putThroughUrl(url, source, { ...checked, cacheControl, agent: this.#client.agent });
    } catch (error) {
      throw signal?.aborted ? abortedPut(error) : toStoreError(error);
    }
  }

  /** Of what came with the PUT of the original only the type is copied: no tags, metadata or storage class. */
  async copy(from: ObjectFacts, to: string): Promise<StoredObject> {
    assertObjectKey(from.key);
    assertObjectKey(to);
    const source = new CopySourceOptions({
      Bucket: this.#bucket,
      Object: from.key,
      ...(from.etag === ''
        ? { MatchUnmodifiedSince: from.lastModified.toUTCString() }
        : { MatchETag: from.etag }),
    });
    const target = new CopyDestinationOptions({
      Bucket: this.#bucket,
      Object: to,
      MetadataDirective: 'REPLACE',
      Headers: { 'Content-Type': from.contentType, 'X-Amz-Tagging-Directive': 'REPLACE' },
    });
    await this.#call(() => this.#patientClient.copyObject(source, target));
    const copied = await this.stat(to);
    if (copied !== null) return copied;
    throw new ReelmillError('not_found', 'There is no such object.');
  }

  /** S3 cannot take a signed URL back: it ends when it expires, and what comes through it until then is to be removed. */
  async endPut(): Promise<void> {}

  get(key: string): Promise<Readable> {
    assertObjectKey(key);
    return this.#call(() => this.#client.getObject(this.#bucket, key));
  }

  async stat(key: string): Promise<ObjectFacts | null> {
    assertObjectKey(key);
    try {
      const { size, etag, lastModified, metaData } = await this.#call(() =>
        this.#client.statObject(this.#bucket, key),
      );
      const contentType = String(metaData['content-type'] ?? ANY_TYPE);
      const claimed = claimedMd5({ ...metaData, etag });
      return { key, sizeBytes: size, etag: plainEtag(etag) ?? '', lastModified, contentType, md5: claimed };
    } catch (error) {
      if (!(error instanceof ReelmillError) || error.code !== 'not_found') throw error;
      // a missing bucket gets the response of a missing object
      await this.check();
      return null;
    }
  }

  async *list(prefix: string): AsyncGenerator<StoredObject> {
    let continuation = '';
    do {
      const page = await this.#call(() =>
        this.#client.listObjectsV2Query(this.#bucket, prefix, continuation, '', 1000, ''),
      );
      for (const item of page.objects) {
        if (item.name === undefined) continue;
        yield {
          key: item.name,
          sizeBytes: item.size,
          etag: plainEtag(item.etag) ?? '',
          lastModified: item.lastModified,
        };
      }
      continuation = page.isTruncated ? page.nextContinuationToken : '';
    } while (continuation !== '');
  }

  async remove(keys: readonly string[]): Promise<void> {
    for (const key of keys) assertObjectKey(key);
    for (let start = 0; start < keys.length; start += REMOVE_BATCH) {
      const batch = keys.slice(start, start + REMOVE_BATCH);
      const results = await this.#call(() => this.#client.removeObjects(this.#bucket, batch));
      const failed = results.find((result) => result?.Error)?.Error;
      if (failed) throw toStoreError({ code: failed.Code });
    }
  }

  /** S3 shows an object when it is whole; there are no folders. */
  async prune(): Promise<void> {}

  now(): Promise<Date | null> {
    return this.#call(() => this.#client.readClock());
  }

  /** S3 has no request for it; MinIO has it in its metrics. */
  async space(): Promise<null> {
    return null;
  }

  async check(): Promise<void> {
    if (await this.#call(() => this.#client.knowsBucket(this.#bucket))) return;
    throw new ReelmillError('unavailable', `The object store has no bucket "${this.#bucket}".`);
  }

  async close(): Promise<void> {
    this.#client.close();
    this.#patientClient.close();
    this.#publicClients?.PUT.close();
    this.#publicClients?.GET.close();
  }

  #sign(
    method: 'GET' | 'PUT',
    key: string,
    { audience, expiresSeconds }: SignOptions,
    { query = {}, headers = {} }: { query?: Record<string, string>; headers?: Record<string, string> } = {},
  ): string {
    assertObjectKey(key);
    const client = audience === 'public' ? this.#publicClients?.[method] : this.#client;
    if (client === undefined) throw new TypeError('this store has no signers of public URLs');
    // S3 refuses less than a second
    const seconds = Math.max(1, Math.ceil(expiresSeconds));
    return client.presign({ method, bucket: this.#bucket, key, query, headers }, seconds);
  }

  /** Makes one call, retries it once where its connection had closed, and throws the port's errors only. */
  async #call<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work().catch((error: unknown) => {
        if (isBrokenConnection(error)) return work();
        throw error;
      });
    } catch (error) {
      throw toStoreError(error);
    }
  }
}

function abortedPut(cause: unknown): ReelmillError {
  return new ReelmillError('aborted', 'The transfer was aborted.', { cause });
}
