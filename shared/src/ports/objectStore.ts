import type { Readable } from 'node:stream';

/**
 * A part that the store holds. `etag` has no quotes; it is the MD5 of its bytes in hexadecimal, except in stores that
 * encrypt with their customers' keys.
 */
export interface StoredPart {
  partNumber: number;
  sizeBytes: number;
  etag: string;
}

/**
 * An object as the store knows it. `etag` has no quotes and changes with the content; it is empty where something on the
 * way leaves it out.
 */
export interface StoredObject {
  key: string;
  sizeBytes: number;
  etag: string;
  lastModified: Date;
}

/** An object with what a GET returns about it. */
export interface ObjectFacts extends StoredObject {
  contentType: string;
  /** Of the content, in hexadecimal, where the store reports it. */
  md5: string | null;
}

export interface UploadRef {
  key: string;
  uploadId: string;
}

export interface PutOptions {
  contentType: string;
  sizeBytes: number;
  /** Of the body, in hexadecimal, where the caller knows it. */
  md5?: string;
  signal?: AbortSignal;
}

/** Of the disk that the objects lie on. */
export interface StoreSpace {
  freeBytes: number;
  sizeBytes: number;
  /** How many more files it takes; null where the file system has no limit. */
  freeFiles: number | null;
}

/** A multipart upload that was neither completed nor aborted. */
export interface OpenUpload extends UploadRef {
  startedAt: Date;
}

/**
 * Who will use a signed URL. `public` is anyone outside (creators, players); `internal` is the farm's own processes,
 * whose network may know the store by another name.
 */
export type Audience = 'public' | 'internal';

export interface SignOptions {
  expiresSeconds: number;
  audience: Audience;
}

/**
 * The object store: everything the system asks of S3, MinIO or a directory. Signed URLs take plain HTTP:
 * PUT of a part or an object with `Content-Length` returns 200 and an `ETag`; GET honours `Range`.
 * An expired or altered URL returns 403. Keys are relative, `/`-separated and never start with `/`;
 * no key is the folder of another.
 * Failures are `ReelmillError`s: `not_found`, `upload_gone`, `upload_incomplete`, `size_mismatch`, `checksum_mismatch`,
 * `validation_failed` for an invalid key or part number, `precondition_failed`, `disk_full`, or `unavailable` (the last two are
 * retryable).
 */
export interface ObjectStore {
  /** Opens a multipart upload in which every part but the last has exactly `partSizeBytes`. */
  createUpload(
    key: string,
    options: { contentType: string; partSizeBytes: number; sizeBytes: number },
  ): Promise<UploadRef>;
  /** A URL that takes one part by PUT; with `sizeBytes` only one of exactly so many, anything else responds 4xx. */
  signPart(
    upload: UploadRef,
    partNumber: number,
    options: SignOptions & { sizeBytes?: number },
  ): Promise<string>;
  /**
   * A URL that takes a whole object by PUT, as often as it is used until it expires or `endPut` ends it. With `maxBytes`
   * a larger body responds 413, where the store enforces it (S3 cannot).
   */
  signPut(key: string, options: SignOptions & { maxBytes?: number }): Promise<string>;
  /**
   * Ends every URL by which this key could be put, also a PUT that is under way, where the store can (S3 cannot: there
   * they end when they expire). The key is of no use for another upload afterwards.
   */
  endPut(key: string): Promise<void>;
  /**
   * A URL that returns the object by GET, with ranges; not by HEAD, which S3 signs on its own. It honours `If-Match`, and
   * `If-Unmodified-Since` where there is no `If-Match`: 412 where the object is another one.
   */
  signGet(key: string, options: SignOptions & { contentType?: string }): Promise<string>;
  /** The parts that are whole in the store, by number; `upload_gone` where the upload is not known. */
  listParts(upload: UploadRef): Promise<StoredPart[]>;
  /**
   * Joins exactly these parts: `upload_incomplete` where one is missing, left over or has other content, `size_mismatch`
   * where one has another size. Idempotent: completing again an upload whose object is there returns that object.
   * `upload_gone` where neither upload nor object is there.
   */
  completeUpload(upload: UploadRef, parts: readonly StoredPart[]): Promise<StoredObject>;
  /** Aborts an upload and frees its parts; succeeds where it is gone already. */
  abortUpload(upload: UploadRef): Promise<void>;
  /**
   * Open uploads: those of one key, or of all. A MinIO that was restarted knows of older ones only when asked by key; it
   * drops them by itself after a time of its own.
   */
  listUploads(key?: string): AsyncIterable<OpenUpload>;
  /**
   * Writes an object whole or not at all; `size_mismatch` where the body has not exactly `sizeBytes`, `checksum_mismatch`
   * where it has not the MD5 that is given. When it resolves, the store has confirmed that it holds the bytes that were sent.
   */
  put(key: string, body: Readable | Buffer, options: PutOptions): Promise<void>;
  /**
   * Makes this very content (its ETag is compared) another object as well, within the store. Throws `precondition_failed`
   * where the object has changed, `not_found` where it is gone.
   */
  copy(from: ObjectFacts, to: string): Promise<StoredObject>;
  /** The object's bytes; `not_found` where there is none. The caller destroys the stream. */
  get(key: string): Promise<Readable>;
  stat(key: string): Promise<ObjectFacts | null>;
  /** Every object whose key starts with `prefix`, in no particular order. */
  list(prefix: string): AsyncIterable<StoredObject>;
  /** Removes objects; those that are not there are passed over. */
  remove(keys: readonly string[]): Promise<void>;
  /**
   * Frees what killed writers left below `prefix`, which ends with a slash, besides objects: folders without objects, and
   * descriptions of objects that never came. Objects stay, also those that are being written. Nothing to do in S3.
   */
  prune(prefix: string): Promise<void>;
  /** The clock by which the store dates its objects; null where the store does not report it. */
  now(): Promise<Date | null>;
  /** Free space; null where the store does not report it. */
  space(): Promise<StoreSpace | null>;
  /** Throws `unavailable` where the store cannot be reached or its bucket is not there. */
  check(): Promise<void>;
  close(): Promise<void>;
}
