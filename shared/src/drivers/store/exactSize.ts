import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { ReelmillError } from '../../runtime/errors.ts';

/**
 * Keeps a stream that breaks before its pipeline is built from ending the process; the pipeline then finds it destroyed
 * and fails.
 */
export function ignoreEarlyError(source: Readable): Readable {
  return source.on('error', () => {});
}

/** A pipeline step that passes bytes on and throws `size_mismatch` unless there are exactly `sizeBytes` of them. */
export function exactSize(sizeBytes: number) {
  return async function* pass(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let passed = 0;
    for await (const chunk of source) {
      passed += chunk.length;
      if (passed > sizeBytes) throw mismatch(`more than ${sizeBytes}`, sizeBytes);
      yield chunk;
    }
    if (passed !== sizeBytes) throw mismatch(String(passed), sizeBytes);
  };
}

/** A pipeline step that passes bytes on and throws `checksum_mismatch` at their end where `md5` is given and differs from theirs. */
export function exactMd5(md5: string | undefined) {
  return async function* pass(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    if (md5 === undefined) return yield* source;
    const hash = createHash('md5');
    for await (const chunk of source) {
      hash.update(chunk);
      yield chunk;
    }
    assertMd5(hash.digest('hex'), md5);
  };
}

/** Throws `checksum_mismatch` where a body has another MD5 than was announced, if any was. */
export function assertMd5(found: string, announced: string | undefined): void {
  if (announced === undefined || found === announced) return;
  throw new ReelmillError('checksum_mismatch', 'The body is not the one that was announced.');
}

function mismatch(got: string, expected: number): ReelmillError {
  return new ReelmillError('size_mismatch', `The body has ${got} bytes where ${expected} were announced.`);
}
