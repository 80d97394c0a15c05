import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { Rational } from '@reelmill/shared/contracts/media.ts';
import { frameSeconds } from '@reelmill/shared/core/timeline.ts';
import { BOX_HEADER_BYTES, type BoxHeader, indexBoxes, onlyBox, parseBoxes, readBoxHeader } from './boxes.ts';
import { damaged } from './damage.ts';
import { fingerprintInit } from './initFingerprint.ts';
import { readTrackFragment, type TrackFragment } from './trackFragment.ts';

/** What an init segment says. */
export interface InitInfo {
  /** Of what decides whether two workers' segments belong together; see `initFingerprint.ts`. */
  sha256: string;
  sizeBytes: number;
  /** Ticks per second. */
  timescale: number;
  /** RFC 6381. */
  codecs: string;
}

/** What a media segment holds. Times are in ticks of its init's timescale. */
export interface FragmentInfo {
  sizeBytes: number;
  samples: number;
  startTicks: number;
  durationTicks: number;
}

/** A `moof` of a minute of 60 frames per second is far below this. */
const MAX_HEADER_BYTES = 1024 * 1024;
/** Ours have about a kilobyte. */
const MAX_INIT_BYTES = 64 * 1024;
/** Ours have four, or six where two were joined. */
const MAX_TOP_LEVEL_BOXES = 64;
/** The muxer begins a segment up to so far from where the one before it ends: times of sound are rounded down. */
const MAX_GAP_TICKS = 2;
const HASH_READ_BYTES = 512 * 1024;
const INIT_CONTAINERS = new Set(['moov', 'trak', 'edts', 'mdia', 'minf', 'stbl', 'mvex']);

/** Reads an init segment (a few hundred bytes) that a muxer of our own wrote. Throws `output_damaged` unless it is whole. */
export async function readInit(file: string): Promise<InitInfo> {
  const bytes = await withFile(file, async (handle, sizeBytes) => {
    if (sizeBytes > MAX_INIT_BYTES) throw damaged(`an init segment of ${sizeBytes} bytes`);
    return readExactly(handle, 0, sizeBytes);
  });
  const types = parseBoxes(bytes).map(({ type }) => type);
  if (types.join() !== 'ftyp,moov') throw damaged(`an init segment of ${types.join() || 'nothing'}`);
  const boxes = indexBoxes(bytes, INIT_CONTAINERS);
  const only = (type: string, minBytes: number): Buffer => {
    const [body, ...others] = boxes.get(type) ?? [];
    if (body === undefined || others.length > 0 || body.length < minBytes)
      throw damaged(`no ${type} in the init segment`);
    return body;
  };
  for (const type of ['mvhd', 'tkhd', 'hdlr', 'trex']) only(type, 4);
  const mdhd = only('mdhd', 24);
  const timescale = mdhd.readUInt32BE(mdhd.readUInt8(0) === 1 ? 20 : 12);
  if (timescale === 0) throw damaged('an init segment without a timescale');
  return {
    sha256: fingerprintInit(boxes, timescale),
    sizeBytes: bytes.length,
    timescale,
    codecs: codecsOf(only('stsd', 16)),
  };
}

/**
 * Reads a media segment that a muxer of our own wrote: how many samples it holds, when they begin and how long they
 * last. Returns null for one without any, which the muxer writes where it got nothing at all. Throws `output_damaged` unless
 * the segment is whole: its boxes fill the file to the last byte, its data are exactly its samples', and the first of
 * them can be decoded without others.
 */
export async function readFragment(file: string): Promise<FragmentInfo | null> {
  return withFile(file, async (handle, sizeBytes) => {
    const boxes = await readTopLevel(handle, sizeBytes);
    if (boxes.map(({ type }) => type).join() === 'styp') return null;
    const fragments: TrackFragment[] = [];
    for (const [index, { type, start, sizeBytes: boxBytes }] of boxes.entries()) {
      const next = boxes[index + 1];
      if (type === 'sidx') {
        const content = await readExactly(
          handle,
          start + BOX_HEADER_BYTES,
          Math.min(boxBytes, MAX_HEADER_BYTES) - BOX_HEADER_BYTES,
        );
        checkIndex(content, sizeBytes - start - boxBytes);
      } else if (type === 'moof') {
        if (next?.type !== 'mdat') throw damaged('a moof without its mdat');
        if (boxBytes > MAX_HEADER_BYTES) throw damaged(`a moof of ${boxBytes} bytes`);
        const moof = parseBoxes(
          await readExactly(handle, start + BOX_HEADER_BYTES, boxBytes - BOX_HEADER_BYTES),
        );
        onlyBox(moof, 'mfhd');
        const data = { offset: boxBytes + BOX_HEADER_BYTES, sizeBytes: next.sizeBytes - BOX_HEADER_BYTES };
        fragments.push(readTrackFragment(onlyBox(moof, 'traf'), data));
      } else if (type === 'mdat') {
        if (boxes[index - 1]?.type !== 'moof') throw damaged('an mdat without its moof');
      } else if (type !== 'styp' || start !== 0) throw damaged(`a box ${JSON.stringify(type)} in a segment`);
    }
    return { sizeBytes, ...joinFragments(fragments) };
  });
}

/** Whether a segment's pictures last as long as so many of that rate do. */
export function lastsAsLong(
  { samples, durationTicks }: FragmentInfo,
  { timescale }: Pick<InitInfo, 'timescale'>,
  rate: Rational,
): boolean {
  return Math.abs(durationTicks / timescale - frameSeconds(samples, rate)) <= frameSeconds(0.5, rate);
}

/** MD5 of a file in hexadecimal; the store compares what it receives with it. */
export async function hashFile(file: string): Promise<string> {
  const md5 = createHash('md5');
  for await (const chunk of createReadStream(file, { highWaterMark: HASH_READ_BYTES })) md5.update(chunk);
  return md5.digest('hex');
}

function joinFragments(fragments: readonly TrackFragment[]): Omit<FragmentInfo, 'sizeBytes'> {
  const [first] = fragments;
  if (first === undefined) throw damaged('a segment without a moof');
  if (!first.startsWithSync) throw damaged('a segment that does not begin with a sync sample');
  let end = first.startTicks;
  for (const { startTicks, durationTicks } of fragments) {
    if (Math.abs(startTicks - end) > MAX_GAP_TICKS)
      throw damaged(`a fragment from ${startTicks} where the one before ends at ${end}`);
    end = startTicks + durationTicks;
  }
  const samples = fragments.reduce((sum, fragment) => sum + fragment.samples, 0);
  return { samples, startTicks: first.startTicks, durationTicks: end - first.startTicks };
}

export interface PlacedBox extends BoxHeader {
  /** Where it begins in the file. */
  start: number;
}

/** The boxes that fill a file of so many bytes. Throws `output_damaged` where they do not. */
export async function readTopLevel(handle: FileHandle, fileBytes: number): Promise<PlacedBox[]> {
  const boxes: PlacedBox[] = [];
  for (let start = 0; start < fileBytes; ) {
    if (boxes.length === MAX_TOP_LEVEL_BOXES) throw damaged('too many boxes');
    const left = fileBytes - start;
    const header = readBoxHeader(await readExactly(handle, start, Math.min(left, BOX_HEADER_BYTES)), left);
    boxes.push({ ...header, start });
    start += header.sizeBytes;
  }
  return boxes;
}

/** Where the content of a `sidx` of one reference has it: its size, and its duration, of 32 bits each. */
export function indexEntryAt(sidx: Buffer): number {
  const head = sidx.length > 0 && sidx.readUInt8(0) === 1 ? 28 : 20;
  if (sidx.length !== head + 4 + 12 || sidx.readUInt16BE(head + 2) !== 1)
    throw damaged('a sidx of another form');
  return head + 4;
}

/** The one reference is all that follows. */
function checkIndex(sidx: Buffer, followingBytes: number): void {
  const referenced = sidx.readUInt32BE(indexEntryAt(sidx));
  if (referenced !== followingBytes)
    throw damaged(`a sidx of ${referenced} bytes where ${followingBytes} follow`);
}

async function withFile<T>(
  file: string,
  read: (handle: FileHandle, sizeBytes: number) => Promise<T>,
): Promise<T> {
  const handle = await open(file);
  try {
    return await read(handle, (await handle.stat()).size);
  } finally {
    await handle.close();
  }
}

/** Throws `output_damaged` where the file ends before. */
export async function readExactly(handle: FileHandle, start: number, sizeBytes: number): Promise<Buffer> {
  const bytes = Buffer.alloc(sizeBytes);
  for (let filled = 0; filled < sizeBytes; ) {
    const { bytesRead } = await handle.read(bytes, filled, sizeBytes - filled, start + filled);
    if (bytesRead === 0) throw damaged('a file that became shorter while it was read');
    filled += bytesRead;
  }
  return bytes;
}

/** From the decoder's own configuration: profile, constraints and level of `avcC`, or AAC-LC. */
function codecsOf(stsd: Buffer): string {
  const avcC = stsd.indexOf('avcC', 0, 'latin1');
  if (avcC >= 0) return `avc1.${stsd.toString('hex', avcC + 5, avcC + 8)}`;
  if (stsd.includes('mp4a', 0, 'latin1')) return 'mp4a.40.2';
  throw damaged('neither H.264 nor AAC in the init segment');
}
