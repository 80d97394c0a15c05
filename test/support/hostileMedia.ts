import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createDeflate, deflateSync } from 'node:zlib';
import { box, element, MATROSKA, topLevelBoxes, u16, u32 } from './mediaBoxes.ts';
import { sampleFile } from './samples.ts';

const run = promisify(execFile);
const LARGEST = '8192x4352';

/** Makes a file that asks for much more than it should, in a folder, and returns its path. */
export type HostileFile = (folder: string) => Promise<string>;

async function ffmpeg(...args: string[]): Promise<void> {
  await run('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...args]);
}

function still(size: string, ...more: string[]): string[] {
  return ['-f', 'lavfi', '-i', `color=green:size=${size}:rate=25`, '-frames:v', '1', ...more];
}

/** One picture of a plain colour, encoded once and repeated. */
function repeated(name: string, size: string, times: number, ...codec: string[]): HostileFile {
  return async (folder) => {
    const file = path.join(folder, name);
    const once = path.join(folder, `once-${name}`);
    await ffmpeg(...still(size, ...codec), once);
    await ffmpeg('-stream_loop', String(times - 1), '-i', once, '-c', 'copy', file);
    return file;
  };
}

/** Pictures of a small size, followed by pictures of a large one. */
function growing(name: string, raw: string, large: string, ...codec: string[]): HostileFile {
  return async (folder) => {
    const parts = ['320x240', large].map((size, index) => ({
      size,
      file: path.join(folder, `part${index}.${raw}`),
    }));
    for (const { size, file } of parts) {
      const source = ['-f', 'lavfi', '-i', `color=green:size=${size}:rate=25`, '-frames:v', '5'];
      await ffmpeg(...source, ...codec, file);
    }
    const joined = path.join(folder, `joined.${raw}`);
    await writeFile(joined, Buffer.concat(await Promise.all(parts.map(({ file }) => readFile(file)))));
    const file = path.join(folder, name);
    await ffmpeg('-r', '25', '-i', joined, '-c', 'copy', file);
    return file;
  };
}

/** Small pictures with transparency, which libvpx decodes, followed by large ones. */
const growingAlpha: HostileFile = async (folder) => {
  const alpha = ['-c:v', 'libvpx-vp9', '-pix_fmt', 'yuva420p', '-deadline', 'realtime', '-cpu-used', '8'];
  for (const [index, size] of ['320x240', '4096x2160'].entries()) {
    const source = ['-f', 'lavfi', '-i', `color=green@0.5:size=${size}:rate=25,format=yuva420p`];
    await ffmpeg(...source, '-frames:v', '3', ...alpha, path.join(folder, `part${index}.webm`));
  }
  const list = path.join(folder, 'parts.txt');
  await writeFile(list, 'file part0.webm\nfile part1.webm\n');
  const file = path.join(folder, 'alpha.webm');
  await ffmpeg('-f', 'concat', '-i', list, '-c', 'copy', '-metadata:s:v', 'alpha_mode=1', file);
  return file;
};

/** The same small video in many streams. */
function manyStreams(name: string, count: number, size: string): HostileFile {
  return async (folder) => {
    const one = path.join(folder, 'one.mp4');
    const source = ['-f', 'lavfi', '-i', `color=green:size=${size}:rate=25`, '-frames:v', '10'];
    await ffmpeg(...source, '-c:v', 'libx264', '-preset', 'ultrafast', one);
    const file = path.join(folder, name);
    await ffmpeg(
      '-i',
      one,
      ...Array.from({ length: count }, () => ['-map', '0:v']).flat(),
      '-c',
      'copy',
      file,
    );
    return file;
  };
}

/** A good video whose `moov` is changed. */
function changedMoov(name: string, change: (moov: Buffer) => Buffer | Promise<Buffer>): HostileFile {
  return async (folder) => {
    const boxes = topLevelBoxes(await readFile(await sampleFile('no-audio')));
    const [ftyp, mdat, moov] = ['ftyp', 'mdat', 'moov'].map((type) => boxes.get(type) ?? Buffer.alloc(0));
    if (!ftyp || !mdat || !moov) throw new Error('the sample is no MP4');
    // the index lies behind what it points to, with `free` in between as before
    const free = boxes.get('free') ?? Buffer.alloc(0);
    const file = path.join(folder, name);
    await writeFile(file, Buffer.concat([ftyp, free, mdat, await change(Buffer.from(moov))]));
    return file;
  };
}

function appended(moov: Buffer, ...more: Buffer[]): Buffer {
  return box('moov', moov.subarray(8), ...more);
}

/** A compressed index with a title of so many characters. */
function compressedTitle(characters: number): HostileFile {
  return changedMoov('compressed-title.mov', async (moov) => {
    const data = u32(characters + 16);
    const title = [Buffer.concat([data, Buffer.from('data'), u32(1, 0)])];
    const sizes = [characters + 16 + 8, characters + 16 + 16, 0, 0, 0];
    const hdlr = box('hdlr', u32(0, 0), Buffer.from('mdir'), u32(0, 0, 0), Buffer.from([0]));
    sizes[2] = (sizes[1] ?? 0) + 4 + hdlr.length + 8;
    sizes[3] = sizes[2] + 8;
    sizes[4] = moov.length + sizes[3];
    const head = [
      ...[u32(sizes[4]), Buffer.from('moov'), moov.subarray(8)],
      ...[u32(sizes[3]), Buffer.from('udta')],
      ...[u32(sizes[2]), Buffer.from('meta'), u32(0), hdlr],
      ...[u32(sizes[1] ?? 0), Buffer.from('ilst')],
      ...[u32(sizes[0] ?? 0), Buffer.from('\u00a9nam', 'latin1')],
      ...title,
    ];
    const compressed = await deflated(Buffer.concat(head), characters);
    return box('moov', box('cmov', box('dcom', Buffer.from('zlib')), box('cmvd', u32(sizes[4]), compressed)));
  });
}

/** zlib of a head and so many characters, in flat memory. */
async function deflated(head: Buffer, characters: number): Promise<Buffer> {
  const chunk = Buffer.alloc(1024 * 1024, 'a');
  const pieces: Buffer[] = [];
  const content = function* () {
    yield head;
    for (let left = characters; left > 0; left -= chunk.length) yield chunk.subarray(0, left);
  };
  await pipeline(Readable.from(content()), createDeflate({ level: 9 }), async (compressed) => {
    for await (const piece of compressed) pieces.push(piece);
  });
  return Buffer.concat(pieces);
}

function declaredSize(width: number, height: number): HostileFile {
  return changedMoov(`declares-${width}.mp4`, (moov) => {
    const entry = moov.indexOf('avc1');
    moov.writeUInt16BE(width, entry + 28);
    moov.writeUInt16BE(height, entry + 30);
    return moov;
  });
}

/** An index of samples that the file does not hold, all of one size. */
const countlessSamples = changedMoov('countless-samples.mp4', (moov) => {
  const stsz = moov.indexOf('stsz');
  moov.writeUInt32BE(1, stsz + 8);
  moov.writeUInt32BE(0x0fff_ffff, stsz + 12);
  const stsc = moov.indexOf('stsc');
  moov.writeUInt32BE(0x0fff_ffff, stsc + 16);
  return moov;
});

const deepBoxes = changedMoov('deep-boxes.mp4', (moov) => {
  const depth = 100_000;
  const nested = Buffer.alloc(depth * 8);
  for (let level = 0; level < depth; level++) {
    nested.writeUInt32BE((depth - level) * 8, level * 8);
    nested.write('moov', level * 8 + 4, 'latin1');
  }
  return appended(moov, nested);
});

const manyEdits = changedMoov('many-edits.mp4', (moov) => {
  const entries = Array.from({ length: 300_000 }, (_, index) => u32(1, index % 500, 0x10000));
  const elst = box('elst', u32(0, entries.length), Buffer.concat(entries));
  const at = moov.indexOf('trak') - 4;
  const size = moov.readUInt32BE(at);
  const before = moov.indexOf('edts') - 4;
  const after = before + moov.readUInt32BE(before);
  const trak = [moov.subarray(at + 8, before), box('edts', elst), moov.subarray(after, at + size)];
  return box('moov', moov.subarray(8, at), box('trak', ...trak), moov.subarray(at + size));
});

const manyTags = changedMoov('many-tags.mp4', (moov) => {
  const tag = (index: number): Buffer => {
    const text = Buffer.from(`title ${index} `.repeat(50));
    return box('\u00a9nam', u16(text.length, 0x15c7), text);
  };
  return appended(moov, box('udta', ...Array.from({ length: 20_000 }, (_, index) => tag(index))));
});

/** Packets that are small in the file and 9 MB in memory, in a track that declares the largest picture. */
const compressedPackets: HostileFile = async (folder) => {
  const data = deflateSync(Buffer.alloc(9_000_000), { level: 9 });
  const video = MATROSKA.track(1, 1, 'V_UNCOMPRESSED', MATROSKA.size(8192, 4352), MATROSKA.zlibCompressed);
  const blocks = Array.from({ length: 200 }, () => ({ track: 1, data }));
  const file = path.join(folder, 'compressed-packets.mkv');
  const content = MATROSKA.segment(MATROSKA.tracks(video), MATROSKA.cluster(blocks));
  await writeFile(file, Buffer.concat([MATROSKA.header, content]));
  return file;
};

function privateData(name: string, codec: string, data: Buffer): HostileFile {
  return async (folder) => {
    const video = MATROSKA.track(1, 1, codec, MATROSKA.size(320, 240), MATROSKA.privateData(data));
    const blocks = Array.from({ length: 20 }, () => ({ track: 1, data: Buffer.alloc(1000, 7) }));
    const file = path.join(folder, name);
    const content = MATROSKA.segment(MATROSKA.tracks(video), MATROSKA.cluster(blocks));
    await writeFile(file, Buffer.concat([MATROSKA.header, content]));
    return file;
  };
}

/** Subtitles whose pictures claim the largest size there is, beside a good video that is not there. */
const hugeSubtitles: HostileFile = async (folder) => {
  const segment = (type: number, content: Buffer): Buffer =>
    Buffer.concat([Buffer.from([type]), u16(content.length), content]);
  const run = Buffer.from([0, 0xff, 0xff, 1]);
  const line = Buffer.concat([...Array.from({ length: 4 }, () => run), Buffer.from([0, 0])]);
  const rle = Buffer.concat(Array.from({ length: 3_000 }, () => line));
  const object = Buffer.concat([
    u16(0),
    Buffer.from([0, 0xc0, 0]),
    u16(rle.length + 4),
    u16(65_535, 65_535),
    rle,
  ]);
  const composition = Buffer.concat([
    ...[u16(65_535, 65_535), Buffer.from([0x10]), u16(1), Buffer.from([0x80, 0, 0, 1])],
    ...[u16(0), Buffer.from([0, 0]), u16(0, 0)],
  ]);
  const packet = Buffer.concat([
    segment(0x16, composition),
    segment(0x15, object.subarray(0, 65_000)),
    segment(0x80, Buffer.alloc(0)),
  ]);
  const tracks = MATROSKA.tracks(
    MATROSKA.track(1, 1, 'V_MJPEG', MATROSKA.size(320, 240)),
    ...Array.from({ length: 80 }, (_, index) => MATROSKA.track(index + 2, 17, 'S_HDMV/PGS')),
  );
  const blocks = Array.from({ length: 80 }, (_, index) => ({ track: index + 2, data: packet }));
  const file = path.join(folder, 'huge-subtitles.mkv');
  await writeFile(file, Buffer.concat([MATROSKA.header, MATROSKA.segment(tracks, MATROSKA.cluster(blocks))]));
  return file;
};

const manyChapters: HostileFile = async (folder) => {
  const chapter = (index: number): Buffer =>
    element(
      0xb6,
      element(0x73c4, u32(index + 1)),
      element(0x91, u32(index)),
      element(0x80, element(0x85, Buffer.from(`chapter ${index} `.repeat(20)))),
    );
  const chapters = element(
    0x1043a770,
    element(0x45b9, ...Array.from({ length: 20_000 }, (_, index) => chapter(index))),
  );
  const file = path.join(folder, 'many-chapters.mkv');
  const video = MATROSKA.track(1, 1, 'V_MJPEG', MATROSKA.size(320, 240));
  const blocks = [{ track: 1, data: Buffer.alloc(100) }];
  const content = MATROSKA.segment(MATROSKA.tracks(video), chapters, MATROSKA.cluster(blocks));
  await writeFile(file, Buffer.concat([MATROSKA.header, content]));
  return file;
};

const attachments: HostileFile = async (folder) => {
  const font = path.join(folder, 'font.ttf');
  await writeFile(font, Buffer.alloc(4_000_000));
  const file = path.join(folder, 'attachments.mkv');
  const attach = Array.from({ length: 60 }, (_, index) => [
    '-attach',
    font,
    `-metadata:s:${index + 1}`,
    'mimetype=font/ttf',
  ]);
  await ffmpeg('-i', await sampleFile('no-audio'), '-c', 'copy', ...attach.flat(), file);
  return file;
};

function sound(name: string, rate: number, channels: number, ...codec: string[]): HostileFile {
  return async (folder) => {
    const file = path.join(folder, name);
    const raw = ['-f', 's16le', '-ar', String(rate), '-ac', String(channels)];
    const noise = [...raw, '-t', '2', '-i', '/dev/zero'];
    await ffmpeg(
      '-i',
      await sampleFile('no-audio'),
      ...noise,
      '-c:v',
      'copy',
      '-strict',
      '-2',
      ...codec,
      file,
    );
    return file;
  };
}

const x264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-x264-params', 'threads=1'];

/** Files that are small and ask for a lot, by what they do. */
export const HOSTILE_FILES: Readonly<Record<string, HostileFile>> = {
  'title of 2^29 characters in a compressed index': compressedTitle(2 ** 29 + 1),
  'declares 65,535 x 65,535': declaredSize(65_535, 65_535),
  'declares 30,000 x 1,000': declaredSize(30_000, 1_000),
  'declares the largest size, is small': declaredSize(8192, 4352),
  'index of 268 million samples': countlessSamples,
  '100,000 boxes in each other': deepBoxes,
  '20,000 tags': manyTags,
  '20,000 chapters': manyChapters,
  '60 attachments of 4 MB': attachments,
  'compressed packets of 9 MB': compressedPackets,
  'FFV1 with 64 MB of private data': privateData('private.mkv', 'V_FFV1', Buffer.alloc(64_000_000, 1)),
  'subtitles of 65,535 x 65,535 in 80 streams': hugeSubtitles,
  'PNG over the largest size': repeated('png-over.mov', '16000x16000', 5, '-c:v', 'png', '-pix_fmt', 'monob'),
  'PNG over the largest size in AVI': repeated(
    'png-over.avi',
    '16000x16000',
    5,
    '-c:v',
    'png',
    '-pix_fmt',
    'monob',
  ),
  'H.264 that grows, in MP4': growing('grows.mp4', 'h264', LARGEST, ...x264),
  'H.264 that grows, in MPEG-TS': growing('grows.ts', 'h264', LARGEST, ...x264),
  'Motion JPEG that grows': growing('grows.mkv', 'mjpeg', LARGEST, '-c:v', 'mjpeg', '-pix_fmt', 'yuvj420p'),
  'MPEG-2 that grows, in a program stream': growing('grows.mpg', 'm2v', '4080x2160', '-c:v', 'mpeg2video'),
  'H.264 that grows, without a container': growing('grows.h264', 'h264', '4096x2176', ...x264),
  'MPEG-2 that grows, without a container': growing('grows.m2v', 'm2v', '4080x2160', '-c:v', 'mpeg2video'),
  'VP9 with transparency that grows': growingAlpha,
  '90 streams of 1080p': manyStreams('streams.mp4', 90, '1920x1080'),
  '90 streams of 240p': manyStreams('streams.mkv', 90, '320x240'),
  '60 streams of 1080p in MPEG-TS': manyStreams('streams.ts', 60, '1920x1080'),
  '500 streams': manyStreams('streams-500.mkv', 500, '64x64'),
  'FLAC of 8 channels at 192 kHz': sound('flac.mkv', 192_000, 8, '-c:a', 'flac', '-frame_size', '65535'),
  'WavPack at 768 kHz': sound('wavpack.mkv', 768_000, 8, '-c:a', 'wavpack'),
  'ALAC at 384 kHz': sound('alac.mp4', 384_000, 8, '-c:a', 'alac'),
  'PCM of 64 channels at 768 kHz': sound('pcm.mov', 768_000, 64, '-c:a', 'pcm_s24le'),
};

/** The same kind, of pictures and tables as large as they may be: each takes many seconds. */
export const LARGE_HOSTILE_FILES: Readonly<Record<string, HostileFile>> = {
  '300,000 edits': manyEdits,
  'PNG of 48 bits, largest size': repeated('png48.mkv', LARGEST, 4, '-c:v', 'png', '-pix_fmt', 'rgb48be'),
  'PNG of 64 bits, largest size': repeated('png64.mov', LARGEST, 4, '-c:v', 'png', '-pix_fmt', 'rgba64be'),
  'TIFF of 64 bits, largest size': repeated(
    'tiff.mkv',
    '4096x4096',
    4,
    '-c:v',
    'tiff',
    '-pix_fmt',
    'rgba64le',
    '-compression_algo',
    'deflate',
  ),
  'JPEG 2000, largest size': repeated('j2k.mkv', '4096x4096', 3, '-c:v', 'jpeg2000', '-pix_fmt', 'rgb48le'),
  'GIF, largest size': repeated('gif.mkv', LARGEST, 4, '-c:v', 'gif', '-pix_fmt', 'rgb8'),
  'Motion JPEG 4:4:4, largest size': repeated(
    'mjpeg.avi',
    LARGEST,
    4,
    '-c:v',
    'mjpeg',
    '-pix_fmt',
    'yuvj444p',
  ),
  'FFV1 of 64 bits, large': repeated(
    'ffv1.mkv',
    '4096x2160',
    4,
    '-c:v',
    'ffv1',
    '-level',
    '3',
    '-pix_fmt',
    'gbrap16le',
  ),
};
