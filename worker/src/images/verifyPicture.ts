import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { TaskContext } from '../context/taskContext.ts';
import { damaged } from '../verify/damage.ts';
import { decodeWritten, pictureBytes } from '../verify/decodeCheck.ts';
import { readJpegSize } from './jpeg.ts';

/** A picture that ffmpeg was asked for. */
export interface PictureFile {
  folder: string;
  name: string;
  /** In pixels. */
  size: { width: number; height: number };
}

/** A whole picture, with the MD5 of its bytes in hexadecimal. */
export interface WrittenPicture {
  file: string;
  sizeBytes: number;
  md5: string;
}

/** More than a JPEG of ours ever has. */
const MAX_PICTURE_BYTES = 32 * 1024 * 1024;

/**
 * Looks at a picture before it counts, and decodes it as often as the context says. Returns null where ffmpeg wrote none:
 * it opens a file only when it has a picture. Throws `output_damaged` where the file is not whole or of another size.
 */
export async function verifyPicture(
  { folder, name, size }: PictureFile,
  context: TaskContext,
): Promise<WrittenPicture | null> {
  const file = path.join(folder, name);
  const sizeBytes = await sizeOf(file);
  if (sizeBytes === null) return null;
  if (sizeBytes > MAX_PICTURE_BYTES) throw damaged(`a picture of ${sizeBytes} bytes`);
  const bytes = await readFile(file);
  const { width, height } = readJpegSize(bytes);
  if (width !== size.width || height !== size.height) {
    throw damaged(`a picture of ${width}x${height}, not ${size.width}x${size.height}`);
  }
  if (Math.random() * 100 < context.decodePercent) {
    const expected = { frames: 1, bytes: pictureBytes(size) };
    await decodeWritten(folder, { parts: [name], demuxer: 'image2', size }, expected, context);
  }
  context.onVerified('verified');
  return { file, sizeBytes: bytes.length, md5: createHash('md5').update(bytes).digest('hex') };
}

async function sizeOf(file: string): Promise<number | null> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
