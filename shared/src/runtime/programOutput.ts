import type { Readable } from 'node:stream';

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Upper bounds of what a program may print; one that exceeds them floods. */
export interface OutputLimits {
  /** Without the line break. */
  maxLineBytes: number;
  maxBytes: number;
}

export interface LineReceiver {
  onLine(line: string): void;
  /** Called once, when a line or the whole output exceeds its limit. No line follows; the rest is read and dropped. */
  onFlood(): void;
}

/** Reads the lines of a program's output (UTF-8) in memory of at most one line, however much the program prints. */
export function readLines(stream: Readable, limits: OutputLimits, receiver: LineReceiver): void {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let totalBytes = 0;
  let flooded = false;
  const flood = (): void => {
    flooded = true;
    pending = [];
    pendingBytes = 0;
    receiver.onFlood();
  };
  const takeLine = (last: Buffer): void => {
    const line = Buffer.concat([...pending, last]);
    pending = [];
    pendingBytes = 0;
    receiver.onLine(
      line.toString('utf8', 0, line.at(-1) === CARRIAGE_RETURN ? line.length - 1 : line.length),
    );
  };
  stream.on('data', (chunk: Buffer) => {
    if (flooded) return;
    totalBytes += chunk.length;
    if (totalBytes > limits.maxBytes) return flood();
    let from = 0;
    while (from < chunk.length) {
      const at = chunk.indexOf(NEWLINE, from);
      const end = at < 0 ? chunk.length : at;
      if (pendingBytes + end - from > limits.maxLineBytes) return flood();
      if (at < 0) {
        pending.push(chunk.subarray(from));
        pendingBytes += end - from;
        return;
      }
      takeLine(chunk.subarray(from, end));
      from = end + 1;
    }
  });
  stream.once('end', () => {
    if (pendingBytes > 0) takeLine(Buffer.alloc(0));
  });
}

export interface TailLimits {
  maxCharacters: number;
  maxBytes: number;
  /** What is not kept, with its line breaks; a global expression. */
  omitted?: RegExp;
}

/**
 * Reads a program's output and keeps its end. Returns a function that returns the last `maxCharacters` so far.
 * `onFlood` is called once, when more than `maxBytes` were printed; the rest is read and dropped.
 */
export function readTail(stream: Readable, limits: TailLimits, onFlood: () => void): () => string {
  const tail = new TextTail(limits.maxCharacters, limits.omitted);
  let totalBytes = 0;
  stream.on('data', (chunk: Buffer) => {
    const before = totalBytes;
    totalBytes += chunk.length;
    if (totalBytes <= limits.maxBytes) tail.push(chunk);
    else if (before <= limits.maxBytes) onFlood();
  });
  return () => tail.toString();
}

/** The end of a text (UTF-8) that arrives in pieces, in memory that does not grow with it. */
export class TextTail {
  readonly #decoder = new TextDecoder();
  readonly #maxCharacters: number;
  readonly #omitted: RegExp | undefined;
  #text = '';

  constructor(maxCharacters: number, omitted?: RegExp) {
    this.#maxCharacters = maxCharacters;
    this.#omitted = omitted;
  }

  push(chunk: Buffer): void {
    const text = this.#text + this.#decoder.decode(chunk, { stream: true });
    const kept = this.#omitted === undefined ? text : text.replaceAll(this.#omitted, '');
    this.#text = kept.slice(-this.#maxCharacters);
  }

  toString(): string {
    return this.#text;
  }
}
