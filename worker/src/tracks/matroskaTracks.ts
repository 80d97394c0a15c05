import type { ReadBytes } from '../source/inputGuard.ts';
import { patchOf, type SourceTrack } from './sourceTracks.ts';

const SEGMENT = 0x18538067;
const TRACKS = 0x1654ae6b;
const TRACK_ENTRY = 0xae;
const TRACK_TYPE = 0x83;
const CODEC_ID = 0x86;
const AUDIO_TYPE = 2;
/** Video, audio, subtitles, metadata: of others ffmpeg makes no stream. */
const STREAM_TYPES = [1, AUDIO_TYPE, 0x11, 0x21];
/** An identifier and a size. */
const MAX_HEADER_BYTES = 12;
const MAX_ELEMENTS = 2_000;
/** In the place of the first letter of a codec's name; none begins with it. */
const UNKNOWN_CODEC = Buffer.from('X');

interface Element {
  id: number;
  begin: number;
  end: number;
}

/** Finds the tracks of a Matroska or WebM file. Returns none of what is not found where it should be. */
export async function readMatroskaTracks(read: ReadBytes, sizeBytes: number): Promise<SourceTrack[]> {
  let left = MAX_ELEMENTS;
  const children = async (inside: { begin: number; end: number }, until?: number): Promise<Element[]> => {
    const found: Element[] = [];
    for (let offset = inside.begin; offset < inside.end && left > 0; left--) {
      const element = elementAt(offset, await read(offset, MAX_HEADER_BYTES), inside.end);
      if (element === null) break;
      found.push(element);
      if (element.id === until) break;
      offset = element.end;
    }
    return found;
  };
  const segment = (await children({ begin: 0, end: sizeBytes }, SEGMENT)).find(({ id }) => id === SEGMENT);
  const list = segment && (await children(segment, TRACKS)).find(({ id }) => id === TRACKS);
  const tracks: SourceTrack[] = [];
  for (const entry of list ? await children(list) : []) {
    if (entry.id !== TRACK_ENTRY) continue;
    const fields = await children(entry);
    const type = fields.find(({ id }) => id === TRACK_TYPE);
    const codec = fields.find(({ id }) => id === CODEC_ID);
    const kind = type && (await read(type.begin, 1))[0];
    if (codec === undefined || kind === undefined || !STREAM_TYPES.includes(kind)) continue;
    tracks.push({
      isSound: kind === AUDIO_TYPE,
      hiding: [patchOf(codec.begin, UNKNOWN_CODEC)],
      sampleEntry: null,
    });
  }
  return tracks;
}

/** Null where there is no element. One of unknown size ends with what it is in. */
function elementAt(offset: number, header: Buffer, end: number): Element | null {
  const idBytes = lengthOf(header[0]);
  const sizeBytes = lengthOf(header[idBytes]);
  if (idBytes === 0 || idBytes > 4 || sizeBytes === 0 || header.length < idBytes + sizeBytes) return null;
  // without the mark of its length: with it, a size of eight bytes is not exact
  const first = (header[idBytes] ?? 0) & (2 ** (8 - sizeBytes) - 1);
  const rest = header.subarray(idBytes + 1, idBytes + sizeBytes);
  const size = rest.reduce((value, byte) => value * 256 + byte, first);
  const begin = offset + idBytes + sizeBytes;
  const isUnknown = size >= 2 ** (7 * sizeBytes) - 1;
  return { id: header.readUIntBE(0, idBytes), begin, end: isUnknown ? end : Math.min(end, begin + size) };
}

/** How many bytes a number of variable length has, by its first one; 0 where that is none. */
function lengthOf(first = 0): number {
  return first === 0 ? 0 : Math.clz32(first) - 23;
}
