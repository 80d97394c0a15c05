import { createReadStream, createWriteStream } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { BOX_HEADER_BYTES } from '../verify/boxes.ts';
import { damaged } from '../verify/damage.ts';
import { indexEntryAt, type PlacedBox, readExactly, readTopLevel } from '../verify/fragments.ts';

/**
 * Appends the fragments of a media segment to those of the one before it, and removes it. Both were written by a muxer of
 * our own and read as whole before; the result is one segment, whose index names all of it. Throws `output_damaged` where
 * a file has other boxes.
 */
export async function joinSegments(file: string, next: string): Promise<void> {
  const added = await withHandle(next, 'r', readFragments);
  await pipeline(createReadStream(next, { start: added.start }), createWriteStream(file, { flags: 'a' }));
  await withHandle(file, 'r+', (handle, boxes) => extendIndex(handle, boxes, added));
  await rm(next);
}

interface Added {
  /** Where the fragments begin in their file. */
  start: number;
  sizeBytes: number;
  durationTicks: number;
}

async function readFragments(handle: FileHandle, boxes: readonly PlacedBox[]): Promise<Added> {
  const moof = boxes.find(({ type }) => type === 'moof');
  const { entry } = await readIndex(handle, boxes);
  const end = boxes.at(-1);
  if (moof === undefined || end === undefined) throw damaged('a segment without a moof');
  return {
    start: moof.start,
    sizeBytes: end.start + end.sizeBytes - moof.start,
    durationTicks: entry.readUInt32BE(4),
  };
}

async function extendIndex(handle: FileHandle, boxes: readonly PlacedBox[], added: Added): Promise<void> {
  const { entry, at } = await readIndex(handle, boxes);
  entry.writeUInt32BE(entry.readUInt32BE(0) + added.sizeBytes, 0);
  entry.writeUInt32BE(entry.readUInt32BE(4) + added.durationTicks, 4);
  await handle.write(entry, 0, entry.length, at);
}

/** The one entry of a segment's index, size and duration of what it names, and where it is in the file. */
async function readIndex(
  handle: FileHandle,
  boxes: readonly PlacedBox[],
): Promise<{ entry: Buffer; at: number }> {
  const sidx = boxes.find(({ type }) => type === 'sidx');
  if (sidx === undefined) throw damaged('a segment without a sidx');
  const start = sidx.start + BOX_HEADER_BYTES;
  const body = await readExactly(handle, start, sidx.sizeBytes - BOX_HEADER_BYTES);
  const offset = indexEntryAt(body);
  return { entry: body.subarray(offset, offset + 8), at: start + offset };
}

async function withHandle<T>(
  file: string,
  flags: 'r' | 'r+',
  work: (handle: FileHandle, boxes: PlacedBox[]) => Promise<T>,
): Promise<T> {
  const handle = await open(file, flags);
  try {
    return await work(handle, await readTopLevel(handle, (await handle.stat()).size));
  } finally {
    await handle.close();
  }
}
