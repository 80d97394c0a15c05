import { setTimeout as pause } from 'node:timers/promises';
import { backoffMs } from '@reelmill/shared/core/backoff.ts';
import type { ByteRange } from '@reelmill/shared/drivers/disk/byteRange.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { StoreFault } from './storeRange.ts';
import type { StoreWaits } from './storeWaits.ts';

/** One response of the store that came whole. */
export type Piece = Buffer[];

export interface PieceSource {
  /** Reads a range, or the beginning of it where the store chooses to send less; throws where anything else came. */
  read(range: ByteRange): AsyncIterable<Buffer>;
  /** Next to no bytes within this time, in however many tries, are an outage. */
  outageMs: number;
  backoff: { baseMs: number; maxMs: number };
  signal: AbortSignal;
  /** Told of every wait for a piece. */
  waits: StoreWaits;
  /** Called before each further try. */
  onRetry(error: unknown, at: number): void;
}

/** Small pieces first, because most reads of an index or of a first picture end soon. */
const FIRST_BYTES = 256 * 1024;
const MIN_BYTES = 64 * 1024;
/** Two of them are held for each connection of a program. */
const MAX_BYTES = 4 * 1024 * 1024;
/** A piece that takes longer is too large for this store. */
const SLOW_MS = 2_000;

/**
 * Yields a range in order, in pieces that came whole: of a response that broke off, or that was shorter or longer than
 * announced, nothing is used, for bytes may be missing or repeated anywhere in it. The next piece is fetched while one is
 * used. Throws when the store has nothing for too long, or something that no retry changes; an abort rejects with the
 * signal's reason.
 */
export async function* readWholePieces(
  { first, last }: ByteRange,
  source: PieceSource,
): AsyncGenerator<Piece, void> {
  const size = new PieceSize();
  const begin = (at: number): Promise<Piece> => {
    const piece = fetchPiece({ first: at, last }, size, source);
    // it may fail while another one is used, and nobody may ask for it
    piece.catch(() => undefined);
    return piece;
  };
  let next = first;
  let ahead = begin(next);
  while (next <= last) {
    const piece = await source.waits.during(ahead);
    next += piece.reduce((sum, { length }) => sum + length, 0);
    if (next <= last) ahead = begin(next);
    yield piece;
  }
}

async function fetchPiece({ first, last }: ByteRange, size: PieceSize, source: PieceSource): Promise<Piece> {
  let heardAt = performance.now();
  // a smaller piece may come whole; the smallest has to within the time
  const onProgress = (): void => {
    if (size.bytes > MIN_BYTES) heardAt = performance.now();
  };
  for (let failures = 1; ; failures += 1) {
    try {
      const range = { first, last: Math.min(last, first + size.bytes - 1) };
      return await fetchOnce(range, size, source, onProgress);
    } catch (error) {
      source.signal.throwIfAborted();
      if (isFinal(error) || performance.now() - heardAt > source.outageMs) throw error;
      size.shrink();
      source.onRetry(error, first);
      await pause(backoffMs(failures, source.backoff), undefined, { signal: source.signal });
    }
  }
}

/** `onProgress` is called for every `MIN_BYTES`. */
async function fetchOnce(
  range: ByteRange,
  size: PieceSize,
  source: PieceSource,
  onProgress: () => void,
): Promise<Piece> {
  const begun = performance.now();
  const piece: Piece = [];
  let heardAt = begun;
  let bytes = 0;
  for await (const chunk of source.read(range)) {
    piece.push(chunk);
    bytes += chunk.length;
    if (bytes >= MIN_BYTES) {
      bytes = 0;
      heardAt = performance.now();
      onProgress();
    } else if (performance.now() - heardAt > source.outageMs) {
      throw new StoreFault('temporary', 'the store trickles');
    }
  }
  size.adapt(performance.now() - begun);
  return piece;
}

class PieceSize {
  bytes = FIRST_BYTES;

  adapt(tookMs: number): void {
    if (tookMs > SLOW_MS) this.shrink();
    else this.bytes = Math.min(MAX_BYTES, this.bytes * 2);
  }

  shrink(): void {
    this.bytes = Math.max(MIN_BYTES, this.bytes / 2);
  }
}

/** Refusals are no final word: a URL may have expired, and a store that starts knows nobody yet. */
function isFinal(error: unknown): boolean {
  if (error instanceof StoreFault) return ['changed', 'gone', 'overrun'].includes(error.kind);
  return !(error instanceof ReelmillError && error.retryable);
}
