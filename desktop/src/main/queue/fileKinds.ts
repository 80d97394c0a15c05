import { extname } from 'node:path';
import type { RefusedKind } from '../../contracts/desktop.ts';

/** How many bytes of a file are read to recognize it. */
export const HEAD_BYTES = 4096;

export type FileKind = 'video' | RefusedKind;

/** Names of the containers and bare streams that the farm reads, with their dots. */
export const VIDEO_EXTENSIONS: ReadonlySet<string> = new Set(
  [
    'mp4 m4v mov qt 3gp 3gpp 3g2 f4v insv 360',
    'mkv mk3d webm avi divx wmv asf flv mxf ogv ogg ogx ogm',
    'ts mts m2ts m2t tp trp mpg mpeg mpe m2p vob mod tod',
    'dv dif h264 264 avc h265 265 hevc m1v m2v mpv',
  ].flatMap((line) => line.split(' ').map((name) => `.${name}`)),
);
const UNFINISHED_EXTENSIONS = new Set([
  '.crdownload',
  '.part',
  '.partial',
  '.download',
  '.opdownload',
  '.!ut',
]);
/** Documents that are archives inside. */
const DOCUMENT_EXTENSIONS = new Set([
  '.docx',
  '.xlsx',
  '.pptx',
  '.odt',
  '.ods',
  '.odp',
  '.epub',
  '.pages',
  '.key',
]);

export function hasVideoName(path: string): boolean {
  return VIDEO_EXTENSIONS.has(extname(path).toLowerCase());
}

/** Whether the name is that of an unfinished download. */
export function isUnfinishedDownload(path: string): boolean {
  return UNFINISHED_EXTENSIONS.has(extname(path).toLowerCase());
}

/** Returns `video` for a file that can be uploaded, by its name and its first HEAD_BYTES, and otherwise its kind. */
export function recognizeFile(path: string, head: Uint8Array): FileKind {
  if (isUnfinishedDownload(path)) return 'unfinishedDownload';
  const kind = recognizeContent(head);
  const extension = extname(path).toLowerCase();
  if (kind === 'archive' && DOCUMENT_EXTENSIONS.has(extension)) return 'document';
  if (kind !== 'video' || extension === '' || hasVideoName(path)) return kind;
  return 'otherName';
}

/** Returns the kind of a file by its first HEAD_BYTES, or by all of it where it is shorter. */
export function recognizeContent(head: Uint8Array): FileKind {
  const text = Buffer.from(head).toString('latin1');
  for (const recognize of [recognizeBoxes, recognizeRiff, recognizeOgg, recognizeBeginning]) {
    const kind = recognize(text, head);
    if (kind !== null) return kind;
  }
  if (isTransportStream(head)) return 'video';
  return isText(head) ? 'text' : 'unknown';
}

const PICTURE_BRANDS = new Set([
  'heic',
  'heix',
  'heim',
  'heis',
  'hevc',
  'hevx',
  'mif1',
  'msf1',
  'avif',
  'avis',
  'crx ',
]);
const SOUND_BRANDS = new Set(['M4A ', 'M4B ', 'M4P ', 'F4A ', 'F4B ']);
/** What a QuickTime file without `ftyp` begins with. */
const FIRST_BOXES = new Set(['moov', 'mdat', 'wide', 'free', 'skip', 'pnot', 'uuid', 'styp', 'sidx', 'moof']);

/** MP4, QuickTime and their relatives: a box's length, then its name. */
function recognizeBoxes(text: string, head: Uint8Array): FileKind | null {
  const name = text.slice(4, 8);
  if (name === 'jP  ' || name === 'JXL ') return 'picture';
  if (name === 'ftyp') {
    const brand = text.slice(8, 12);
    if (PICTURE_BRANDS.has(brand)) return 'picture';
    return SOUND_BRANDS.has(brand) ? 'sound' : 'video';
  }
  return FIRST_BOXES.has(name) && !isText(head) ? 'video' : null;
}

function recognizeRiff(text: string): FileKind | null {
  const form = text.slice(8, 12);
  if (/^(RF64|BW64)/.test(text) || (text.startsWith('FORM') && /^AIF[FC]$/.test(form))) return 'sound';
  if (!text.startsWith('RIFF')) return null;
  if (form === 'AVI ' || form === 'AVIX') return 'video';
  if (form === 'WAVE') return 'sound';
  return form === 'WEBP' ? 'picture' : null;
}

/** In the first pages, which name the codec of every stream. */
const OGG_VIDEO_CODECS = ['\x80theora', 'BBCD\0', '\x01video', 'OVP80'];

function recognizeOgg(text: string): FileKind | null {
  if (!text.startsWith('OggS')) return null;
  return OGG_VIDEO_CODECS.some((codec) => text.includes(codec)) ? 'video' : 'sound';
}

/** What bare H.264 and HEVC begin with behind a start code: a delimiter, or the parameters of the sequence or video. */
const BARE_BEGINNINGS = ['\x09', '\x27', '\x47', '\x67', '\x40\x01', '\x42\x01', '\x46\x01'];

/** Bytes (as Latin-1) that a file of the kind begins with. The first that fits decides. */
const BEGINNINGS: readonly (readonly [FileKind, readonly string[]])[] = [
  // Matroska and WebM, FLV, ASF, MPEG program stream
  ['video', ['\x1aE\xdf\xa3', 'FLV\x01', '0&\xb2u\x8ef\xcf\x11', '\0\0\x01\xba']],
  // DV, 525 and 625 lines; MPEG-1 and MPEG-2: a sequence header
  ['video', ['\x1f\x07\0\x3f', '\x1f\x07\0\xbf', '\0\0\x01\xb3']],
  ['video', BARE_BEGINNINGS.flatMap((unit) => [`\0\0\x01${unit}`, `\0\0\0\x01${unit}`])],
  // JPEG, PNG, GIF, TIFF, Photoshop, JPEG XL, icons
  [
    'picture',
    ['\xff\xd8\xff', '\x89PNG', 'GIF87a', 'GIF89a', 'II*\0', 'MM\0*', '8BPS\0', '\xff\x0a', '\0\0\x01\0'],
  ],
  // MP3 with and without tags, FLAC, AAC, MIDI, Core Audio, AMR
  ['sound', ['ID3\x02', 'ID3\x03', 'ID3\x04', '\xff\xfb', '\xff\xfa', '\xff\xf3', '\xff\xf2', 'fLaC']],
  ['sound', ['\xff\xf1', '\xff\xf9', 'MThd\0', 'caff\0', '#!AMR']],
  ['document', ['%PDF-', '\xd0\xcf\x11\xe0', '{\\rtf']],
  [
    'archive',
    ['PK\x03\x04', 'PK\x05\x06', 'Rar!\x1a', '7z\xbc\xaf', '\x1f\x8b\x08', 'BZh', '\xfd7zXZ', '(\xb5/\xfd'],
  ],
  ['program', ['\x7fELF', '\xce\xfa\xed\xfe', '\xcf\xfa\xed\xfe', '\xca\xfe\xba\xbe']],
  ['playlist', ['#EXTM3U', '\xef\xbb\xbf#EXTM3U']],
];
/** The key of a partition of MXF, which a run-in may precede. */
const MXF_KEY = '\x06\x0e+4\x02\x05\x01\x01\x0d\x01\x02';
const DASH_MANIFEST = /^(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?<MPD[\s>]/;

function recognizeBeginning(text: string, head: Uint8Array): FileKind | null {
  for (const [kind, beginnings] of BEGINNINGS) {
    if (beginnings.some((beginning) => text.startsWith(beginning))) return kind;
  }
  if (text.includes(MXF_KEY)) return 'video';
  if (DASH_MANIFEST.test(text)) return 'playlist';
  if (text.startsWith('ustar', 257)) return 'archive';
  if (isText(head)) return null;
  // two letters alone are not reliable
  if (text.startsWith('BM')) return 'picture';
  return text.startsWith('MZ') ? 'program' : null;
}

const PACKET_BYTES = [188, 192, 204];
const SYNC_BYTE = 0x47;
/** How many packets in a row must begin with the sync byte. */
const MAX_SYNCS = 5;
const FEWEST_SYNCS = 3;

function isTransportStream(head: Uint8Array): boolean {
  return PACKET_BYTES.some((packetBytes) => {
    for (let start = 0; start < packetBytes; start++) {
      const packets = Math.min(MAX_SYNCS, Math.floor((head.length - start - 1) / packetBytes) + 1);
      if (packets < FEWEST_SYNCS) return false;
      let syncs = 0;
      while (syncs < packets && head[start + syncs * packetBytes] === SYNC_BYTE) syncs++;
      if (syncs === packets) return !isText(head);
    }
    return false;
  });
}

/** UTF-16 with its mark, or UTF-8 without control characters. */
function isText(head: Uint8Array): boolean {
  const [first, second] = head;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return true;
  const isControl = (byte: number): boolean => byte < 0x20 && (byte < 0x09 || byte > 0x0d) && byte !== 0x1b;
  if (head.length === 0 || head.some(isControl)) return false;
  try {
    // `stream` forgives a character that is cut at the end
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
    return true;
  } catch {
    return false;
  }
}
