import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  HEAD_BYTES,
  hasVideoName,
  isUnfinishedDownload,
  recognizeContent,
  recognizeFile,
} from './fileKinds.ts';

/** A beginning of a file: text stands for its bytes, the rest is filled with `fill`. */
function head(beginning: string, fill = 0xa5): Uint8Array {
  const bytes = Buffer.alloc(HEAD_BYTES, fill);
  bytes.write(beginning, 'latin1');
  return bytes;
}

function packets(packetBytes: number, start: number, count = 20): Uint8Array {
  const bytes = Buffer.alloc(Math.min(HEAD_BYTES, start + count * packetBytes), 0xa5);
  for (let at = start; at < bytes.length; at += packetBytes) bytes[at] = 0x47;
  return bytes;
}

test('recognizes video containers by their first bytes', () => {
  const videos: Record<string, Uint8Array> = {
    mp4: head('\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41'),
    mov: head('\0\0\0\x14ftypqt  \0\0\x02\0qt  '),
    '3gp': head('\0\0\0\x18ftyp3gp5'),
    'old quicktime': head('\0\0\x3a\x10moov\0\0\0\x6cmvhd'),
    'quicktime, media first': head('\0\0\0\x08wide\x40\0\0\0mdat'),
    mkv: head('\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01matroska'),
    avi: head('RIFF\x10\0\0\x01AVI LIST'),
    flv: head('FLV\x01\x05\0\0\0\x09'),
    wmv: head('0&\xb2u\x8ef\xcf\x11\xa6\xd9\0\xaa'),
    mpg: head('\0\0\x01\xba\x44\0\x04'),
    dv: head('\x1f\x07\0\xbf\xf8\x78\x78\x78'),
    m2v: head('\0\0\x01\xb3\x14\0\xf0\x13'),
    h264: head('\0\0\0\x01\x67\x64\0\x1f'),
    'h264 with delimiters': head('\0\0\x01\x09\xf0'),
    hevc: head('\0\0\0\x01\x40\x01\x0c\x01'),
    mxf: head('\x06\x0e+4\x02\x05\x01\x01\x0d\x01\x02\x01\x01\x02'),
    'mxf after a run-in': head(`${'\x20'.repeat(64)}\x06\x0e+4\x02\x05\x01\x01\x0d\x01\x02\x01`),
    ogv: head(`OggS\0\x02${'\0'.repeat(20)}\x01\x2a\x80theora\x03`),
    ts: packets(188, 0),
    'ts that begins within a packet': packets(188, 77),
    m2ts: packets(192, 4),
  };
  for (const [name, bytes] of Object.entries(videos)) assert.equal(recognizeContent(bytes), 'video', name);
});

test('recognizes the kinds of other files', () => {
  const others: [string, Uint8Array][] = [
    ['picture', head('\xff\xd8\xff\xe0\0\x10JFIF')],
    ['picture', head('\x89PNG\r\n\x1a\n')],
    ['picture', head('GIF89a')],
    ['picture', head('\0\0\0\x18ftypheic')],
    ['picture', head('RIFF\x10\0\0\x01WEBPVP8 ')],
    ['sound', head('ID3\x04\0\0\0')],
    ['sound', head('RIFF\x10\0\0\x01WAVEfmt ')],
    ['sound', head('\0\0\0\x18ftypM4A ')],
    ['sound', head(`OggS\0\x02${'\0'.repeat(20)}\x01\x1e\x01vorbis`)],
    ['document', head('%PDF-1.7')],
    ['archive', head('PK\x03\x04\x14\0')],
    ['archive', head('\x1f\x8b\x08')],
    ['program', head('\x7fELF\x02')],
    ['playlist', head('#EXTM3U\n#EXT-X-VERSION:3\n', 0x0a)],
    ['text', head('Dear diary, ', 0x20)],
    ['text', Buffer.from('凌晨三点的素材清单')],
    ['unknown', head('\0\0\0\0')],
    ['unknown', Buffer.alloc(0)],
  ];
  for (const [kind, bytes] of others) assert.equal(recognizeContent(bytes), kind);
});

test('rejects text whatever it contains', () => {
  assert.equal(recognizeContent(head('the free lunch'.padStart(18), 0x20)), 'text');
  assert.equal(recognizeContent(Buffer.alloc(HEAD_BYTES, 'G')), 'text');
});

test('rejects two sync bytes as a transport stream', () => {
  assert.equal(recognizeContent(packets(188, 0, 2)), 'unknown');
  assert.equal(recognizeContent(packets(188, 0, 3)), 'video');
});

test('requires the name and the content of a video; a name without an extension is ignored', () => {
  const video = head('\0\0\0\x20ftypisom');
  assert.equal(recognizeFile('/a/Film.MP4', video), 'video');
  assert.equal(recognizeFile('/a/GX010042', video), 'video');
  assert.equal(recognizeFile('/a/film.mp4.bak', video), 'otherName');
  assert.equal(recognizeFile('/a/film.mp4', head('\xff\xd8\xff')), 'picture');
  assert.equal(recognizeFile('/a/film.mp4', head('\0\0\0\0')), 'unknown');
  assert.equal(recognizeFile('/a/film.mp4.crdownload', video), 'unfinishedDownload');
  assert.equal(recognizeFile('/a/paper.docx', head('PK\x03\x04')), 'document');
});

test('names', () => {
  assert.ok(hasVideoName('C:\\films\\A.MKV'));
  assert.ok(!hasVideoName('/films/mp4'));
  assert.ok(isUnfinishedDownload('/a/film.mkv.PART'));
  assert.ok(!isUnfinishedDownload('/a/part.mkv'));
});
