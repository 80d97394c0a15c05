import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

export interface Digest {
  sizeBytes: number;
  /** In hexadecimal. */
  md5: string;
}

/** A pipeline step that passes bytes on and returns afterwards what they were. */
export function createDigest(): { step: Transform; result(): Digest } {
  const md5 = createHash('md5');
  let sizeBytes = 0;
  const step = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      md5.update(chunk);
      sizeBytes += chunk.length;
      done(null, chunk);
    },
  });
  return { step, result: () => ({ sizeBytes, md5: md5.digest('hex') }) };
}

/** Writes a stream to a file that appears whole and durable, if `accept` does not throw, or not at all. */
export async function receiveFile(
  source: Readable,
  file: string,
  accept: (digest: Digest) => void,
): Promise<Digest> {
  await mkdir(path.dirname(file), { recursive: true });
  const draft = `${file}.new`;
  const digest = createDigest();
  try {
    await pipeline(source, digest.step, createWriteStream(draft, { flush: true }));
    const result = digest.result();
    accept(result);
    await rename(draft, file);
    return result;
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/** Replaces a file by one that only its owner may read from its first byte on. */
export async function writeDurably(file: string, text: string | Buffer): Promise<void> {
  await rm(file, { force: true });
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
