import type { SourcePatch } from '@reelmill/shared/contracts/media.ts';
import { patchOf, type SourceTrack } from './sourceTracks.ts';

/*
 * Uncompressed sound in MP4 (ISO/IEC 23003-5): `ipcm` and `fpcm`, whose `pcmC` box says how numbers are written. ffmpeg
 * knows it from version 6.1 on; before that it takes 16 bits for granted, and plays noise. The formats of QuickTime say
 * the same, in entries of the same size, to every version.
 */

const SAMPLE_SIZE_OFFSET = 26;
/** Boxes follow the fixed part of a sample entry. */
const BOXES_OFFSET = 36;
const LITTLE_ENDIAN = 1;
/** What QuickTime has in the place of `pcmC` for numbers in floating point: `enda`, 1 where they are little endian. */
const PCM_BOX_BYTES = 14;
const LITTLE_ENDIAN_BOX = Buffer.from('enda\x00\x01\x00\x00\x00\x00', 'latin1');
/** Versions that know `pcmC` refuse it in another entry than its own. */
const EMPTY_BOX = Buffer.from('free');

/** Whether a stream of this tag is described by a `pcmC` box. */
export function isPcmTag(tag: string | undefined): boolean {
  return tag === 'ipcm' || tag === 'fpcm';
}

/** Returns the bytes that describe the same sound as QuickTime does; null where it has no such sound. */
export function quickTimePatches({ sampleEntry }: SourceTrack): SourcePatch[] | null {
  if (sampleEntry === null) return null;
  const { offset, bytes } = sampleEntry;
  const format = bytes.toString('latin1', 4, 8);
  const at = pcmBoxAt(bytes);
  if (!isPcmTag(format) || at === null) return null;
  const isLittle = ((bytes[at + 12] ?? 0) & LITTLE_ENDIAN) !== 0;
  const bits = bytes[at + 13] ?? 0;
  const name = quickTimeFormat(format, bits, isLittle);
  if (name === null) return null;
  const box = format === 'fpcm' && isLittle ? LITTLE_ENDIAN_BOX : EMPTY_BOX;
  return [
    patchOf(offset + 4, Buffer.from(name)),
    patchOf(offset + SAMPLE_SIZE_OFFSET, Buffer.from([0, bits])),
    patchOf(offset + at + 4, box),
  ];
}

/** Whether a track has such a box, with numbers of an unknown kind. */
export function isUnknownPcm(track: SourceTrack): boolean {
  const format = track.sampleEntry?.bytes.toString('latin1', 4, 8);
  return track.isSound && isPcmTag(format) && quickTimePatches(track) === null;
}

/** Returns the bytes that hide such a track, and its box from versions that would refuse the file for it. */
export function hidePcm({ hiding, sampleEntry }: SourceTrack): SourcePatch[] {
  const at = sampleEntry && pcmBoxAt(sampleEntry.bytes);
  if (sampleEntry === null || at === null) return hiding;
  return [...hiding, patchOf(sampleEntry.offset + at + 4, EMPTY_BOX)];
}

function quickTimeFormat(format: string, bits: number, isLittle: boolean): string | null {
  if (format === 'fpcm') return bits === 32 || bits === 64 ? `fl${bits}` : null;
  return bits === 16 || bits === 24 || bits === 32 ? (isLittle ? 'sowt' : 'twos') : null;
}

function pcmBoxAt(bytes: Buffer): number | null {
  for (let at = BOXES_OFFSET; at + PCM_BOX_BYTES <= bytes.length; ) {
    const size = bytes.readUInt32BE(at);
    if (bytes.toString('latin1', at + 4, at + 8) === 'pcmC') return size === PCM_BOX_BYTES ? at : null;
    if (size < 8) return null;
    at += size;
  }
  return null;
}
