import type { Readable } from 'node:stream';
import { ReelmillError } from '../../runtime/errors.ts';

/**
 * Keeps a stream that breaks before its pipeline is built from ending the process; the pipeline then finds it destroyed
 * and fails.
 */
export function expectFailure(source: Readable): Readable {
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

function mismatch(got: string, expected: number): ReelmillError {
  return new ReelmillError('size_mismatch', `The body has ${got} bytes where ${expected} were announced.`);
}
