import { ReelmillError } from '../../runtime/errors.ts';

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
