import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const RATE = 25;
const SAMPLE_RATE = 8_000;

/** Brightness of picture n, far from that of its neighbours, and frequency of second k in Hz. */
export const markOfPicture = (n: number): number => 40 + ((37 * n) % 180);
export const markOfSecond = (k: number): number => 300 + 40 * k;

const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '12', '-pix_fmt', 'yuv420p'];
const MP3 = ['-c:a', 'libmp3lame', '-b:a', '96k'];
const CODECS = {
  mp4: [...H264, '-c:a', 'aac'],
  mkv: [...H264, ...MP3],
  ts: [...H264, ...MP3],
  avi: ['-c:v', 'mpeg4', '-q:v', '2', '-c:a', 'pcm_s16le'],
};
export type Container = keyof typeof CODECS;

/**
 * Makes a small film in a folder whose every picture has a brightness of its own (left half; hundreds of them on the
 * right) and whose every second has a tone of its own. Noise makes it large enough to be read in several pieces.
 */
export async function makeMarkedFilm(
  folder: string,
  { container, seconds }: { container: Container; seconds: number },
): Promise<string> {
  const file = path.join(folder, `marked.${container}`);
  const luma = `if(lt(X,80),40+mod(37*N,180),40+8*floor(N/180))`;
  const picture = `color=black:s=160x90:r=${RATE}:d=${seconds},format=yuv420p,geq=lum='${luma}':cb=128:cr=128,noise=alls=30:allf=t`;
  await run('ffmpeg', [
    ...['-v', 'error', '-y', '-f', 'lavfi', '-i', picture],
    ...['-f', 'lavfi', '-i', `aevalsrc='0.5*sin(2*PI*(300+40*floor(t))*t)':d=${seconds}:s=48000`],
    ...['-g', '25', '-bf', '0', ...CODECS[container], file],
  ]);
  return file;
}

/** Brightness of each picture of a file, on the left. */
export async function readPictureMarks(file: string): Promise<number[]> {
  const filters = 'scale=2:2:flags=area,format=yuv420p,extractplanes=y';
  const bytes = await decode(file, ['-vf', filters, '-fps_mode', 'passthrough', '-f', 'rawvideo']);
  return Array.from({ length: bytes.length / 4 }, (_, picture) => bytes[picture * 4] ?? 0);
}

/** Frequency in the middle of each whole second of a file's sound; 0 where it is silent. */
export async function readToneMarks(file: string): Promise<number[]> {
  const bytes = await decode(file, ['-ac', '1', '-ar', String(SAMPLE_RATE), '-f', 's16le']);
  const samples = Array.from({ length: bytes.length / 2 }, (_, index) => bytes.readInt16LE(index * 2));
  const seconds = Math.floor(samples.length / SAMPLE_RATE);
  return Array.from({ length: seconds }, (_, second) => {
    const from = (second + 0.25) * SAMPLE_RATE;
    const middle = samples.slice(from, from + SAMPLE_RATE / 2);
    // two crossings of zero in each period, in half a second
    return middle.filter((sample, index) => sample >= 0 !== (middle[index - 1] ?? sample) >= 0).length;
  });
}

async function decode(file: string, output: string[]): Promise<Buffer> {
  const { stdout } = await run('ffmpeg', ['-v', 'error', '-i', file, ...output, '-'], {
    encoding: 'buffer',
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout;
}
