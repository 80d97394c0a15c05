import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { SourcePatch } from '@reelmill/shared/contracts/media.ts';
import { type ByteRange, parseRange } from '@reelmill/shared/drivers/disk/byteRange.ts';
import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import { FarmFault, ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import type { SourceAddress } from '../confine/launcher.ts';
import { applyPatches } from './applyPatches.ts';
import { SignedSourceUrl } from './signSourceUrl.ts';
import { readStoreRange, type SourcePin, StoreFault } from './storeRange.ts';
import { StoreWaits } from './storeWaits.ts';
import { readWholePieces } from './wholePieces.ts';

/**
 * A small HTTP server that knows one object of the store and lives as long as one task. The task's programs read their
 * source here and nowhere else, and it knows whether they got all that they asked for.
 *
 *   serving ──▶ faulted     a range was asked for and could not be delivered: `fault` says why, every connection is
 *      │           │        closed, nothing more is served, and nothing that the programs printed counts
 *      └───────────┴──▶ closed
 *
 * Each request:
 *
 *   reading ──▶ delivered   all bytes were handed on
 *    ▲   │ └──▶ abandoned   the program closed the connection: it has what it wanted, which is no fault
 *    │   ▼
 *   waiting ──▶ failed      the store gave next to nothing for `outageMs`, or something that no retry changes: the
 *                           reader is faulted
 *
 * Nobody but the program and the reader ends a connection: programs have no time limit of their own for reads.
 */
export interface SourceReader {
  /** The path is the only credential, and good for as long as the reader lives. */
  readonly url: string;
  readonly address: SourceAddress;
  /** `source_unreachable` or `source_changed`; once set, it stays. */
  readonly fault: ReelmillError | null;
  /** Aborted with the fault. */
  readonly faulted: AbortSignal;
  /** Programs asked for more at once than is served, and so did not get all that they asked for. */
  readonly refused: boolean;
  /** Bytes that were handed on to programs so far. */
  readonly deliveredBytes: number;
  /** Milliseconds that programs have waited for the store since that time (of `performance.now`). */
  waitedMs(since: number): number;
  /** From now on, these bytes are served in the place of the source's own. */
  patch(patches: readonly SourcePatch[]): void;
  /** Returns bytes for the task itself, fewer at the end of the source. Rejects with the fault, or with the signal. */
  readBytes(offset: number, length: number, signal: AbortSignal): Promise<Buffer>;
  /** Closes every connection. */
  close(): Promise<void>;
}

export interface SourceReaderOptions {
  store: Pick<ObjectStore, 'signGet'>;
  source: SourcePin & { key: string };
  logger: Logger;
  /** Listens on a unix socket as well, for programs with a network of their own. */
  withSocket: boolean;
  timing?: Partial<ReaderTiming>;
}

export interface ReaderTiming {
  /** A store that gives next to nothing for so long is not there; shorter than `stallMs` of the programs. */
  outageMs: number;
  /** How long a connection to the store may be silent before another one is tried. */
  silenceMs: number;
  backoff: { baseMs: number; maxMs: number };
}

const READER_TIMING: ReaderTiming = {
  outageMs: 40_000,
  silenceMs: 15_000,
  backoff: { baseMs: 200, maxMs: 5_000 },
};

/** What one connection may hold back for a program that is slow. */
const BUFFER_BYTES = 256 * 1024;
/** Of all programs of a task together, at once; two of them with a connection or two each are usual. */
const MAX_CONNECTIONS = 16;

/** Starts a reader. Nothing is asked of the store before a program asks. */
export async function openSourceReader(options: SourceReaderOptions): Promise<SourceReader> {
  const reader = new Reader(options);
  await reader.listen();
  return reader;
}

class Reader implements SourceReader {
  readonly faulted: AbortSignal;
  readonly #options: SourceReaderOptions;
  readonly #timing: ReaderTiming;
  readonly #path = `/${randomBytes(24).toString('base64url')}`;
  readonly #agents = { http: new Agent({ keepAlive: true }), https: new TlsAgent({ keepAlive: true }) };
  readonly #faulting = new AbortController();
  readonly #servers: Server[] = [];
  readonly #waits = new StoreWaits();
  readonly #signedUrl: SignedSourceUrl;
  #pin: SourcePin;
  #patches: readonly SourcePatch[] = [];
  #delivering = 0;
  #deliveredBytes = 0;
  #refused = false;
  #fault: ReelmillError | null = null;
  #address: SourceAddress = { port: 0, socketPath: null };
  #socketFolder: string | null = null;

  constructor(options: SourceReaderOptions) {
    this.#options = options;
    this.#timing = { ...READER_TIMING, ...options.timing };
    this.#pin = options.source;
    this.#signedUrl = new SignedSourceUrl(options.store, options.source.key);
    this.faulted = this.#faulting.signal;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#address.port}${this.#path}`;
  }

  get address(): SourceAddress {
    return this.#address;
  }

  get fault(): ReelmillError | null {
    return this.#fault;
  }

  get refused(): boolean {
    return this.#refused;
  }

  get deliveredBytes(): number {
    return this.#deliveredBytes;
  }

  waitedMs(since: number): number {
    return this.#waits.since(since);
  }

  patch(patches: readonly SourcePatch[]): void {
    this.#patches = patches;
  }

  async readBytes(offset: number, length: number, signal: AbortSignal): Promise<Buffer> {
    const last = Math.min(offset + length, this.#options.source.sizeBytes) - 1;
    if (last < offset) return Buffer.alloc(0);
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of this.#chunks({ first: offset, last }, signal)) chunks.push(chunk);
    } catch (error) {
      if (!signal.aborted) this.#fail(error);
      throw this.#fault ?? error;
    }
    return Buffer.concat(chunks);
  }

  async listen(): Promise<void> {
    const tcp = this.#createServer();
    tcp.listen(0, '127.0.0.1');
    await once(tcp, 'listening');
    const { port } = tcp.address() as AddressInfo; // a TCP server's address is never a string
    let socketPath: string | null = null;
    if (this.#options.withSocket) {
      // 107 characters are all that the address of a socket may have: work folders may be deeper
      this.#socketFolder = await mkdtemp(path.join(tmpdir(), 'reelmill-source-'));
      socketPath = path.join(this.#socketFolder, 's');
      const local = this.#createServer();
      local.listen(socketPath);
      await once(local, 'listening');
    }
    this.#address = { port, socketPath };
  }

  async close(): Promise<void> {
    await Promise.all(
      this.#servers.map((server) => {
        const closed = new Promise((resolve) => server.close(resolve));
        server.closeAllConnections();
        return closed;
      }),
    );
    this.#agents.http.destroy();
    this.#agents.https.destroy();
    if (this.#socketFolder !== null) await rm(this.#socketFolder, { recursive: true, force: true });
  }

  #createServer(): Server {
    const server = createServer({ highWaterMark: BUFFER_BYTES }, (request, response) => {
      void this.#serve(request, response);
    });
    server.maxConnections = MAX_CONNECTIONS;
    server.on('drop', () => {
      this.#refused = true;
    });
    this.#servers.push(server);
    return server;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { sizeBytes } = this.#options.source;
    if (request.url !== this.#path || this.#fault !== null) return end(response, 404);
    if (request.method !== 'GET' && request.method !== 'HEAD') return end(response, 405);
    // one connection may ask for many ranges before it has read any
    if (this.#delivering >= MAX_CONNECTIONS) {
      this.#refused = true;
      return end(response, 503);
    }
    const range = parseRange(request.headers.range, sizeBytes);
    response.setHeader('Accept-Ranges', 'bytes');
    if (range === 'unsatisfiable') {
      response.setHeader('Content-Range', `bytes */${sizeBytes}`);
      return end(response, 416);
    }
    const { first, last } = range === 'whole' ? { first: 0, last: sizeBytes - 1 } : range;
    if (range !== 'whole') response.setHeader('Content-Range', `bytes ${first}-${last}/${sizeBytes}`);
    response.setHeader('Content-Length', last - first + 1);
    response.statusCode = range === 'whole' ? 200 : 206;
    if (request.method === 'HEAD') response.end();
    else await this.#deliver({ first, last }, response);
  }

  /** Never rejects. */
  async #deliver(range: ByteRange, response: ServerResponse): Promise<void> {
    const abandoned = new AbortController();
    response.once('close', () => abandoned.abort());
    const signal = AbortSignal.any([abandoned.signal, this.faulted]);
    this.#delivering += 1;
    try {
      await this.#copy(range, response, signal);
      response.end();
    } catch (error) {
      if (!signal.aborted) this.#fail(error);
      response.destroy();
    } finally {
      this.#delivering -= 1;
    }
  }

  /** Hands the range on, in order. Rejects when the store has nothing for too long, or with the signal. */
  async #copy(range: ByteRange, response: ServerResponse, signal: AbortSignal): Promise<void> {
    for await (const chunk of this.#chunks(range, signal)) {
      this.#deliveredBytes += chunk.length;
      if (!response.write(chunk)) await drained(response);
      signal.throwIfAborted();
    }
  }

  async *#chunks(range: ByteRange, signal: AbortSignal): AsyncGenerator<Buffer, void> {
    const pieces = readWholePieces(range, {
      ...this.#timing,
      signal,
      waits: this.#waits,
      read: (part) => this.#read(part, signal),
      onRetry: (error, at) => {
        if (error instanceof StoreFault && error.kind === 'refused') this.#signedUrl.renew();
        this.#options.logger.debug({ err: error, at }, 'source read interrupted');
      },
    });
    let offset = range.first;
    for await (const piece of pieces) {
      for (const chunk of piece) {
        applyPatches(this.#patches, chunk, offset);
        offset += chunk.length;
        yield chunk;
      }
    }
  }

  async *#read({ first, last }: ByteRange, signal: AbortSignal): AsyncGenerator<Buffer, void> {
    const url = await this.#signedUrl.get();
    const agent = url.startsWith('https:') ? this.#agents.https : this.#agents.http;
    const { silenceMs } = this.#timing;
    yield* readStoreRange({ url, first, last, pin: this.#pin, silenceMs, agent, signal }, (etag) => {
      // an older task does not say what was inspected: then all of it reads at least the same
      if (this.#pin.etag === undefined && this.#pin.lastModified === undefined) {
        this.#pin = { ...this.#pin, etag };
      }
    });
  }

  #fail(cause: unknown): void {
    if (this.#fault !== null) return;
    const changed = cause instanceof StoreFault && cause.kind === 'changed';
    const diagnostics = cause instanceof Error ? cause.message : String(cause);
    this.#fault = changed
      ? new ReelmillError('source_changed', 'The file was replaced after it had been inspected.', {
          cause,
          diagnostics,
        })
      : new FarmFault('source_unreachable', 'The source cannot be read from the store.', {
          cause,
          diagnostics,
        });
    this.#options.logger.warn({ err: this.#fault }, 'source fault');
    this.#faulting.abort(this.#fault);
    for (const server of this.#servers) server.closeAllConnections();
  }
}

/** Resolves when there is room again, or never will be. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    // its program may have gone before, and no further event says so
    if (response.destroyed) return resolve();
    const end = (): void => {
      response.off('drain', end).off('close', end);
      resolve();
    };
    response.on('drain', end).on('close', end);
  });
}

function end(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'Content-Length': 0 }).end();
}
