import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const MAX_OUTPUT = 64 * 1024 * 1024;
const TS_PACKET = 188;
/** Pictures are compared in so many pixels. */
const SEEN = { width: 16, height: 9 };
/** The mean of a pixel's surroundings differs by less where only an encoder came between. */
const SAME_LEVELS = 12;

/** Where the packet of a file is whose picture is shown at a time, or right after it. */
export async function findPacket(file: string, seconds: number): Promise<{ at: number; bytes: number }> {
  const what = ['-select_streams', 'v:0', '-show_entries', 'packet=pts_time,pos,size', '-of', 'csv=p=0'];
  const { stdout } = await run('ffprobe', ['-v', 'error', ...what, file], { maxBuffer: MAX_OUTPUT });
  const packets = stdout.split('\n').map((line) => line.split(',').map(Number));
  const shown = packets.filter(([pts = Number.NaN]) => pts >= seconds - 0.001);
  const [, bytes, at] = shown.toSorted(([a = 0], [b = 0]) => a - b)[0] ?? [];
  if (bytes === undefined || at === undefined) throw new Error(`no packet at ${seconds} s in ${file}`);
  return { at, bytes };
}

/** Writes a copy of a file whose bytes were changed, beside it. */
export async function damagedCopy(file: string, damage: (bytes: Buffer) => Buffer): Promise<string> {
  const { dir, base } = path.parse(file);
  const copy = path.join(dir, `damaged-${base}`);
  await writeFile(copy, damage(await readFile(file)));
  return copy;
}

/** Bytes as of another file. */
export function overwrite(bytes: Buffer, from: number, count: number): Buffer {
  for (let at = from; at < from + count; at++) bytes[at] = (at * 89 + 37) & 0xff;
  return bytes;
}

/** A stretch is missing; of MPEG-TS whole packets are. */
export function leaveOut(bytes: Buffer, from: number, count: number): Buffer {
  const start = Math.floor(from / TS_PACKET) * TS_PACKET;
  return Buffer.concat([
    bytes.subarray(0, start),
    bytes.subarray(start + Math.ceil(count / TS_PACKET) * TS_PACKET),
  ]);
}

/** Which frames of a video do not show what the film shows at their time. */
export async function framesThatDiffer(video: string, film: string, rate: number): Promise<number[]> {
  const [shown, expected] = [await readFrames(video, rate), await readFrames(film, rate)];
  return shown.flatMap((frame, index) => {
    const other = expected[index];
    const isSame = other?.every((level, at) => Math.abs(level - (frame[at] ?? 0)) <= SAME_LEVELS);
    return isSame ? [] : [index];
  });
}

async function readFrames(file: string, rate: number): Promise<Buffer[]> {
  const { width, height } = SEEN;
  const filters = `fps=${rate},scale=${width}:${height}:flags=area,format=yuv420p,extractplanes=y`;
  const { stdout } = await run(
    'ffmpeg',
    ['-v', 'error', '-i', file, '-map', '0:v:0', '-vf', filters, '-f', 'rawvideo', '-'],
    { encoding: 'buffer', maxBuffer: MAX_OUTPUT },
  );
  const bytes = width * height;
  return Array.from({ length: stdout.length / bytes }, (_, n) => stdout.subarray(n * bytes, (n + 1) * bytes));
}
