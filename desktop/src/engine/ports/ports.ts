import type { JournalEntry } from './journalEntry.ts';
import type { QueueEntry } from './queueEntry.ts';

/** What tells two versions of a file apart without reading it. `mtimeMs` may have a fraction. */
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
   * Exactly the bytes of `range`, in order. The memory of a chunk is used again: it holds until the next one is asked
   * for. Ending the iteration early closes the file.
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
  /** Of the body, in hexadecimal, for the store to compare. */
  md5?: string;
  /** `sizeBytes` bytes; see FileSource for how long a chunk holds. */
  body: AsyncIterable<Uint8Array>;
  /** Called with the number of bytes that the operating system has taken since the last call. */
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
 * HTTP with keep-alive that follows no redirects. Any answer, of whatever status, is a result; `network`, `timeout`
 * and `aborted` are thrown.
 */
export interface HttpTransport {
  request(request: HttpRequest): Promise<HttpResponse>;
  /** Streams a body with an exact Content-Length. An answer that comes before the end of the body ends the sending. */
  put(request: PutRequest): Promise<HttpResponse>;
}

/** What is known of unfinished uploads. A save is whole or did not happen, even when the machine loses power. */
export interface Journal {
  load(key: string): Promise<JournalEntry | null>;
  save(key: string, entry: JournalEntry): Promise<void>;
  remove(key: string): Promise<void>;
  list(): Promise<{ key: string; entry: JournalEntry }[]>;
}

/** The queue of one account as it outlives the process. A save is whole or did not happen. */
export interface QueueStore {
  /** In order; what cannot be read is left out. */
  load(): Promise<QueueEntry[]>;
  save(entries: readonly QueueEntry[]): Promise<void>;
}

export interface Clock {
  /** Milliseconds from any fixed moment; never goes back. */
  now(): number;
  /** Rejects with `aborted` as soon as the signal does. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Calls back once after `ms`, unless the answered function is called before. */
  schedule(ms: number, callback: () => void): () => void;
}

export interface Digest {
  update(bytes: Uint8Array): void;
  hex(): string;
}

/** The digest of a stream, made beside its sending. */
export interface StreamDigest {
  /** The bytes must stay as they are until this resolves. One call after the other. */
  update(bytes: Uint8Array): Promise<void>;
  hex(): Promise<string>;
  /** Forgets what was hashed; for a stream that was given up. */
  drop(): void;
}

/** Incremental digests; the Web's own cannot hash a stream, and know no MD5. */
export interface Digests {
  md5(): StreamDigest;
  sha256(): Digest;
}

/** Who is logged in. `unauthorized` where nobody is, or where the session has ended. */
export interface SessionPort {
  accessToken(): Promise<string>;
  /** A new access token in place of one that the server rejected. Many callers at once cause one refresh. */
  refresh(rejectedToken: string): Promise<string>;
}
