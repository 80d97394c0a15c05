import type { SourceInput } from './source.ts';

/** Reads some bytes of a source; fewer where it ends before. */
export type ReadBytes = (offset: number, length: number) => Promise<Buffer>;

/** Reads a source by ranges, as programs do. Rejects where it cannot be read, or with the signal. */
export function sourceBytes({ url }: SourceInput, signal: AbortSignal): ReadBytes {
  return async (offset, length) => {
    const headers = { range: `bytes=${offset}-${offset + length - 1}` };
    const response = await fetch(url, { headers, signal });
    const bytes = Buffer.from(await response.arrayBuffer());
    // the end of the file, or one that is no longer served
    return response.status === 206 ? bytes : Buffer.alloc(0);
  };
}
