import type { ReadBytes } from '../source/inputGuard.ts';
import { patchOf, type SourceTrack } from './sourceTracks.ts';

/** What a walk reads of each box: size, type, and a size of 64 bits. */
const HEADER_BYTES = 16;
/** Boxes of a file are walked over until there were so many; fragments come in thousands, but behind the index. */
const MAX_BOXES = 2_000;
const MAX_ENTRY_BYTES = 4_096;
/** Of `hdlr`: its own header, version and flags, and a field of zeros. */
const HANDLER_OFFSET = 16;
/** Of `stsd`: its own header, version and flags, and the number of entries. */
const ENTRY_OFFSET = 16;
/** Neither is known to ffmpeg as anything. */
const UNKNOWN_HANDLER = Buffer.from('data');
const UNKNOWN_FORMAT = Buffer.from('skip');

interface FoundBox {
  type: string;
  offset: number;
  /** Where what it holds begins and ends. */
  begin: number;
  end: number;
}

/** Finds the tracks of an MP4 or QuickTime file. Returns none of what is not found where it should be. */
export async function readMp4Tracks(read: ReadBytes, sizeBytes: number): Promise<SourceTrack[]> {
  let left = MAX_BOXES;
  const find = async (
    inside: { begin: number; end: number },
    types: readonly string[],
  ): Promise<FoundBox[]> => {
    const found: FoundBox[] = [];
    for (let offset = inside.begin; offset + 8 <= inside.end && left > 0; left--) {
      const header = await read(offset, HEADER_BYTES);
      if (header.length < 8) break;
      const box = boxAt(offset, header, inside.end);
      if (box === null) break;
      if (types.includes(box.type)) found.push(box);
      // a file has one index, and media without end behind it
      if (box.type === 'moov') break;
      offset = box.end;
    }
    return found;
  };
  const only = async (inside: FoundBox | undefined, type: string): Promise<FoundBox | undefined> =>
    inside && (await find(inside, [type]))[0];
  const [moov] = await find({ begin: 0, end: sizeBytes }, ['moov']);
  const tracks: SourceTrack[] = [];
  for (const trak of moov ? await find(moov, ['trak']) : []) {
    const mdia = await only(trak, 'mdia');
    const hdlr = await only(mdia, 'hdlr');
    const stsd = await only(await only(await only(mdia, 'minf'), 'stbl'), 'stsd');
    if (hdlr === undefined || stsd === undefined) continue;
    const handler = await read(hdlr.offset + HANDLER_OFFSET, 4);
    const entryOffset = stsd.offset + ENTRY_OFFSET;
    const bytes = await read(entryOffset, Math.min(MAX_ENTRY_BYTES, Math.max(8, stsd.end - entryOffset)));
    tracks.push({
      isSound: handler.toString('latin1') === 'soun',
      hiding: [
        patchOf(hdlr.offset + HANDLER_OFFSET, UNKNOWN_HANDLER),
        patchOf(entryOffset + 4, UNKNOWN_FORMAT),
      ],
      sampleEntry: { offset: entryOffset, bytes },
    });
  }
  return tracks;
}

function boxAt(offset: number, header: Buffer, end: number): FoundBox | null {
  const short = header.readUInt32BE(0);
  const isLong = short === 1 && header.length === HEADER_BYTES;
  const headerBytes = isLong ? 16 : 8;
  const size = isLong ? Number(header.readBigUInt64BE(8)) : short === 0 ? end - offset : short;
  if (size < headerBytes) return null;
  const type = header.toString('latin1', 4, 8);
  return { type, offset, begin: offset + headerBytes, end: Math.min(end, offset + size) };
}
