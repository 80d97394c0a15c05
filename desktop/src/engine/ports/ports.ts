import type { JournalEntry } from './journalEntry.ts';
import type { QueueEntry } from './queueEntry.ts';

/** What distinguishes two versions of a file without reading it. `mtimeMs` may have a fraction. */
export interface FileStat {
  sizeBytes: number;
  mtimeMs: number;
}

export interface ByteRange {
  start: number;
  length: number;
}

/** Files on disk. Failures are `file_unreadable`, or `file_changed` where a file ends before its range does. */
export interface FileSource {
  stat(path: string): Promise<FileStat>;
  /**
   * Yields exactly the bytes of `range`, in order. A chunk is only valid until the next one is requested, because its
   * memory is reused. Ending the iteration early closes the file.
   */
  read(path: string, range: ByteRange, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  url: string;
  headers: Readonly<Record<string, string>>;
  body?: string;
  timeoutMs: number;
  signal: AbortSignal;
}

export interface PutRequest {
  url: string;
  sizeBytes: number;
  /** Of the body, in hexadecimal, for the store to verify. */
  md5?: string;
  /** `sizeBytes` bytes; see FileSource for how long a chunk is valid. */
  body: AsyncIterable<Uint8Array>;
  /** Called with the number of bytes that the operating system has accepted since the last call. */
  onSent: (bytes: number) => void;
  signal: AbortSignal;
}

/** Header names are in lower case. */
export interface HttpResponse {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: string;
}

/**
 * HTTP with keep-alive that follows no redirects. Any response, of whatever status, is a result; `network`, `timeout`
 * and `aborted` are thrown.
 */
export interface HttpTransport {
  request(request: HttpRequest): Promise<HttpResponse>;
  /** Streams a body with an exact Content-Length. A response that arrives before the end of the body stops the sending. */
  put(request: PutRequest): Promise<HttpResponse>;
}

/** What is known of unfinished uploads. A save is atomic, even when the machine loses power. */
export interface Journal {
  load(key: string): Promise<JournalEntry | null>;
  save(key: string, entry: JournalEntry): Promise<void>;
  remove(key: string): Promise<void>;
  list(): Promise<{ key: string; entry: JournalEntry }[]>;
}

/** The saved queue of one account. A save is atomic. */
export interface QueueStore {
  /** In order; entries that cannot be read are left out. */
  load(): Promise<QueueEntry[]>;
  save(entries: readonly QueueEntry[]): Promise<void>;
}

export interface Clock {
  /** Milliseconds from any fixed moment; never goes back. */
  now(): number;
  /** Rejects with `aborted` as soon as the signal does. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Calls `callback` once after `ms`, unless the returned function is called before. */
  schedule(ms: number, callback: () => void): () => void;
}

export interface Digest {
  update(bytes: Uint8Array): void;
  hex(): string;
}

/** The digest of a stream, computed while it is being sent. */
export interface StreamDigest {
  /** The bytes must not change until this resolves. Calls must not overlap. */
  update(bytes: Uint8Array): Promise<void>;
  hex(): Promise<string>;
  /** Discards what was hashed, for a stream that was aborted. */
  drop(): void;
}

/** Incremental digests; the Web's own cannot hash a stream and do not offer MD5. */
export interface Digests {
  md5(): StreamDigest;
  sha256(): Digest;
}

/** The session. Its methods throw `unauthorized` where nobody is logged in, or the session has ended. */
export interface SessionPort {
  accessToken(): Promise<string>;
  /** Returns a new access token in place of one that the server rejected. Concurrent callers share one refresh. */
  refresh(rejectedToken: string): Promise<string>;
}
