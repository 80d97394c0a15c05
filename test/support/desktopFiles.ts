import { randomBytes } from 'node:crypto';
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

const MP4_BEGINNING = Buffer.from('\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41', 'latin1');

/** A file that looks like an MP4 and is none: `sizeBytes` long, and unlike every other. */
export async function makeVideo(file: string, sizeBytes = 1_000): Promise<string> {
  return makeFile(file, Buffer.concat([MP4_BEGINNING, randomBytes(sizeBytes - MP4_BEGINNING.length)]));
}

/** A file with this content, in a folder that is made where it is missing. */
export async function makeFile(file: string, content: string | Uint8Array): Promise<string> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, content);
  return file;
}

export async function grow(file: string, bytes: number): Promise<void> {
  await appendFile(file, randomBytes(bytes));
}
