import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { makeSource } from './pictures.ts';

const run = promisify(execFile);

/** Frames per second of marked films. */
export const MARKED_RATE = 10;
/** Brightness of picture n of a marked film, far from that of its neighbours. */
export const markOf = (n: number): number => 40 + ((37 * n) % 180);

export interface Section {
  width: number;
  height: number;
  /** At `MARKED_RATE`. */
  pictures: number;
  pixelFormat?: string;
  /** Shape of the pixels, `4/3`. */
  aspect?: string;
}

/** Grey pictures whose brightness is the number of each, counted from `first`. */
export function markedPictures({ width, height, pictures }: Section, first = 0): string[] {
  const luma = `geq=lum='40+mod(37*(N+${first}),180)':cb=128:cr=128`;
  const picture = `color=s=${width}x${height}:r=${MARKED_RATE},format=yuv420p,${luma}`;
  return ['-f', 'lavfi', '-i', picture, '-frames:v', String(pictures)];
}

/** MPEG-TS of H.264 whose pictures change their size, format or pixel aspect from section to section. */
export async function makeSections(
  folder: string,
  name: string,
  sections: readonly Section[],
): Promise<string> {
  const parts: Buffer[] = [];
  let first = 0;
  for (const section of sections) {
    const { pixelFormat = 'yuv420p', aspect = '1' } = section;
    const part = await makeSource(
      folder,
      'section.ts',
      ...markedPictures(section, first),
      ...['-vf', `setsar=${aspect}`, '-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '10'],
      ...['-pix_fmt', pixelFormat, '-g', '20', '-bf', '1', '-x264-params', 'scenecut=0'],
      ...['-output_ts_offset', String(1 + first / MARKED_RATE), '-muxdelay', '0', '-muxpreload', '0'],
    );
    parts.push(await readFile(part));
    first += section.pictures;
  }
  const file = path.join(folder, name);
  await writeFile(file, Buffer.concat(parts));
  return file;
}

/** WebM of VP8 with the same sections. */
export async function makeWebmSections(
  folder: string,
  name: string,
  sections: readonly Section[],
): Promise<string> {
  const list: string[] = [];
  let first = 0;
  for (const [index, section] of sections.entries()) {
    const vp8 = ['-c:v', 'libvpx', '-deadline', 'realtime', '-b:v', '2M', '-crf', '4', '-g', '20'];
    await makeSource(folder, `section${index}.webm`, ...markedPictures(section, first), ...vp8);
    list.push(`file section${index}.webm`);
    first += section.pictures;
  }
  const listFile = path.join(folder, 'sections.txt');
  await writeFile(listFile, `${list.join('\n')}\n`);
  return makeSource(folder, name, '-f', 'concat', '-i', listFile, '-c', 'copy');
}

/** Puts another display matrix into the video track of an MP4, in whole numbers. */
export async function setDisplayMatrix(file: string, matrix: readonly number[]): Promise<void> {
  const bytes = await readFile(file);
  // version and flags, four times and numbers of 4 bytes, duration, 8 + 8 bytes of others
  const at = bytes.indexOf('tkhd') + 4 + 40;
  const [a = 1, b = 0, c = 0, d = 1] = matrix;
  for (const [index, value] of [a, b, 0, c, d, 0, 0, 0, 0x4000].entries()) {
    bytes.writeInt32BE(value * 0x10000, at + index * 4);
  }
  await writeFile(file, bytes);
}

/** Captions as cameras and broadcasters put them into the pictures of H.264: registered user data of ATSC A/53. */
const CAPTION_NAL = Buffer.from([
  ...[0, 0, 0, 1, 0x06, 0x04, 14, 0xb5, 0x00, 0x31, ...Buffer.from('GA94'), 0x03, 0x41, 0xff],
  ...[0xfc, 0x94, 0x2c, 0xff, 0x80],
]);

/** MPEG-TS with captions within every picture. */
export async function makeCaptioned(folder: string, name: string): Promise<string> {
  const raw = path.join(folder, 'captioned.h264');
  const bare = ['-bf', '0', '-c:v', 'libx264', '-preset', 'ultrafast', '-x264-params', 'slices=1:threads=1'];
  await makeSource(
    folder,
    'bare.h264',
    ...markedPictures({ width: 160, height: 120, pictures: 20 }),
    ...bare,
  );
  const stream = await readFile(path.join(folder, 'bare.h264'));
  const parts: Buffer[] = [];
  for (let at = 0; at < stream.length; ) {
    const next = stream.indexOf(Buffer.from([0, 0, 1]), at + 3);
    const nal = stream.subarray(at, next < 0 ? stream.length : next);
    const type = (nal[nal.indexOf(1) + 1] ?? 0) & 0x1f;
    parts.push(...(type === 1 || type === 5 ? [CAPTION_NAL, nal] : [nal]));
    at += nal.length;
  }
  await writeFile(raw, Buffer.concat(parts));
  return makeSource(folder, name, '-r', String(MARKED_RATE), '-i', raw, '-c', 'copy');
}

/** Side data that ffprobe finds with the pictures of a file. */
export async function sideDataOf(file: string): Promise<string> {
  const { stdout } = await run('ffprobe', [
    ...['-v', 'error', '-select_streams', 'v', '-show_entries', 'frame_side_data=side_data_type', file],
  ]);
  return stdout;
}

/** Has the first track of an MP4, whose pictures are H.264, name a part in the middle of its pictures as all that is to be shown. */
export async function setCleanAperture(file: string, { width, height }: { width: number; height: number }) {
  const bytes = await readFile(file);
  const numbers = [40, 0, width, 1, height, 1, 0, 1, 0, 1];
  const clap = Buffer.alloc(40);
  numbers.forEach((number, index) => {
    clap.writeUInt32BE(number, 4 * index);
  });
  clap.write('clap', 4, 'latin1');
  const entry = bytes.indexOf('avc1', bytes.indexOf('stsd')) - 4;
  const end = entry + bytes.readUInt32BE(entry);
  for (const box of ['moov', 'trak', 'mdia', 'minf', 'stbl', 'stsd', 'avc1']) {
    const at = bytes.lastIndexOf(box, entry + 4) - 4;
    bytes.writeUInt32BE(bytes.readUInt32BE(at) + clap.length, at);
  }
  await writeFile(file, Buffer.concat([bytes.subarray(0, end), clap, bytes.subarray(end)]));
}
