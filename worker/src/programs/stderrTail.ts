import type { Readable } from 'node:stream';
import { readLines, readTail } from '@reelmill/shared/runtime/programOutput.ts';
import { redactUrls } from '@reelmill/shared/runtime/redact.ts';

const MAX_CHARACTERS = 8_192;
const MAX_LINES = 40;
/** With a mark for every picture of the longest film. */
const MAX_BYTES = 256 * 1024 * 1024;

/** Longer lines, and what follows them, are not passed to `onLine`. */
const MAX_LINE_BYTES = 64 * 1024;

/**
 * Reads what a program writes to standard error. Returns a function that returns the last lines so far, with
 * signatures cut out of URLs, and without what is `omitted`. `onFlood` is called once, where the program writes more than any damaged film causes.
 */
export function readStderr(
  stream: Readable,
  onFlood: () => void,
  { onLine, omitted }: { onLine?: ((line: string) => void) | undefined; omitted?: RegExp | undefined } = {},
): () => string {
  if (onLine !== undefined) {
    readLines(stream, { maxLineBytes: MAX_LINE_BYTES, maxBytes: MAX_BYTES }, { onLine, onFlood: () => {} });
  }
  const tail = readTail(
    stream,
    { maxCharacters: MAX_CHARACTERS, maxBytes: MAX_BYTES, ...(omitted && { omitted }) },
    onFlood,
  );
  return () => redactUrls(tail().trim().split('\n').slice(-MAX_LINES).join('\n'));
}
