import { writeSync } from 'node:fs';

const STANDARD_ERROR = 2;
const RETRY_MS = 10;
/** The reader of a pipe may be slow. A process that waited for it with every line would be useless, so it waits once. */
const MAX_WAIT_MS = 200;

/** A log that is written to a file descriptor, and drops lines while that cannot be written. */
export interface LogSink {
  write(line: string): void;
  /** Lines that were lost since the last one that was written; 0 where the log works. */
  readonly lostLines: number;
}

/**
 * A disk may be full, or the reader of a pipe gone. What is logged then is lost; the number of lost lines is logged as soon as
 * there is room again. Never throws, and keeps nothing in memory.
 */
export function createLogSink(fd: number): LogSink {
  let lostLines = 0;
  let isCut = false;
  const send = (text: string): boolean => {
    const bytes = Buffer.from(text);
    const written = writeWhole(fd, bytes, lostLines === 0 ? MAX_WAIT_MS : 0);
    // the rest of a line that was cut stands alone
    if (written > 0) isCut = written < bytes.length;
    return written === bytes.length;
  };
  return {
    get lostLines() {
      return lostLines;
    },
    write(line) {
      const notice = lostLines === 0 ? '' : formatLostLines(lostLines);
      if (send(`${isCut ? '\n' : ''}${notice}${line}`)) lostLines = 0;
      else lostLines += 1;
    },
  };
}

/** The log of this process. */
export const standardError: LogSink = createLogSink(STANDARD_ERROR);

/** Keeps a process running whose standard output or error cannot be written; call it first. */
export function ignoreBrokenOutput(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}

/** Returns how many of the bytes were written. */
function writeWhole(fd: number, bytes: Buffer, maxWaitMs: number): number {
  let written = 0;
  for (let waitedMs = 0; written < bytes.length; ) {
    try {
      written += writeSync(fd, bytes, written);
    } catch (error) {
      const isBusy = error instanceof Error && 'code' in error && error.code === 'EAGAIN';
      if (!isBusy || waitedMs >= maxWaitMs) return written;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
      waitedMs += RETRY_MS;
    }
  }
  return written;
}

function formatLostLines(lines: number): string {
  const time = new Date().toISOString();
  return `${JSON.stringify({ level: 'warn', time, lost_lines: lines, msg: 'log lines lost' })}\n`;
}
