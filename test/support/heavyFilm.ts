import { randomBytes } from 'node:crypto';
import { copyFile, open } from 'node:fs/promises';

const BLOCK = 1024 * 1024;

/**
 * Makes a film of so many bytes that plays like another MP4: behind it lies a box whose contents players pass over.
 */
export async function makeHeavyFilm(film: string, target: string, bytes: number): Promise<string> {
  await copyFile(film, target);
  const file = await open(target, 'a');
  try {
    let left = bytes - (await file.stat()).size;
    const head = Buffer.alloc(8);
    head.writeUInt32BE(left);
    head.write('free', 4, 'latin1');
    await file.write(head);
    for (left -= head.length; left > 0; left -= BLOCK) await file.write(randomBytes(Math.min(BLOCK, left)));
  } finally {
    await file.close();
  }
  return target;
}
