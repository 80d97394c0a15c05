import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const MAX_OUTPUT = 256 * 1024 * 1024;
const SOUND_RATE = 8000;

export interface Slides {
  /** When each picture begins to show, ascending, in seconds. */
  times: readonly number[];
  /** When the last one ends. */
  endSeconds: number;
  sound?: boolean;
  /** How many pictures a group has. */
  keyframeEvery?: number;
}

/** The luma of picture `index`; neighbours are distinct. */
export function slideLuma(index: number): number {
  return 40 + 5 * (index % 35);
}

/** The tone of each second of the sound. */
export function toneOfSecond(second: number): number {
  return 300 + 40 * (second % 40);
}

/** A source of ffmpeg's `lavfi`: a tone for every second. */
export function toneSource(seconds: number): string {
  return `aevalsrc='0.3*sin(2*PI*(300+40*mod(floor(t),40))*t)':s=16000:d=${seconds}`;
}

/** Makes a small video of plain pictures at given times, with a tone for every second. */
export async function makeSlides(
  file: string,
  { times, endSeconds, sound = true, keyframeEvery = 250 }: Slides,
): Promise<void> {
  const lastSeconds = endSeconds - (times.at(-1) ?? 0);
  const picture = `geq=lum='40+5*mod(N,35)':cb=128:cr=128,setpts='(${timeExpression(times)})/TB'`;
  await run('ffmpeg', [
    ...['-v', 'error', '-nostdin', '-y'],
    ...[
      '-f',
      'lavfi',
      '-i',
      `color=black:size=64x64:rate=1:duration=${times.length},format=yuv420p,settb=1/90000`,
    ],
    ...(sound ? ['-f', 'lavfi', '-i', toneSource(endSeconds)] : []),
    ...['-filter_complex', `[0:v]${picture}[v]`, '-map', '[v]', ...(sound ? ['-map', '1:a'] : [])],
    ...['-fps_mode', 'passthrough', '-enc_time_base', '1/90000', '-video_track_timescale', '90000'],
    // a muxer cannot know how long the last picture stands
    ...['-bsf:v', `setts=duration='if(eq(N,${times.length - 1}),${lastSeconds.toFixed(6)}/TB,DURATION)'`],
    ...[
      '-c:v',
      'libx264',
      '-preset',
      'ultrafast',
      '-crf',
      '1',
      '-bf',
      '0',
      '-g',
      String(keyframeEvery),
      '-c:a',
      'aac',
      file,
    ],
  ]);
}

/** The times as an expression of the picture's number `N`; pictures at even distances are one term. */
function timeExpression(times: readonly number[]): string {
  const runs: { first: number; count: number; step: number }[] = [];
  times.forEach((time, index) => {
    const step = time - (times[index - 1] ?? time);
    const run = runs.at(-1);
    if (run && Math.abs(run.step - step) < 1e-6) run.count++;
    else runs.push({ first: index, count: 1, step });
  });
  return runs.map(({ first, count, step }) => `clip(N-${first - 1},0,${count})*${step.toFixed(9)}`).join('+');
}

/** The mean luma of every frame of a video of plain pictures, in order. */
export async function lumaOfFrames(file: string): Promise<Uint8Array> {
  const { stdout } = await run(
    'ffmpeg',
    [
      ...['-v', 'error', '-i', file, '-map', '0:v:0', '-fps_mode', 'passthrough'],
      ...['-vf', 'scale=1:1:flags=area', '-pix_fmt', 'yuv420p', '-f', 'rawvideo', '-'],
    ],
    { encoding: 'buffer', maxBuffer: MAX_OUTPUT },
  );
  // one byte of luma, one of each chroma
  return stdout.filter((_, index) => index % 3 === 0);
}

/** The tone in the middle of every whole second of a sound, in hertz. */
export async function tonesOf(file: string): Promise<number[]> {
  const { stdout } = await run(
    'ffmpeg',
    ['-v', 'error', '-i', file, '-map', '0:a:0', '-ar', String(SOUND_RATE), '-ac', '1', '-f', 's16le', '-'],
    { encoding: 'buffer', maxBuffer: MAX_OUTPUT },
  );
  const samples = new Int16Array(stdout.buffer, stdout.byteOffset, Math.floor(stdout.length / 2));
  return Array.from({ length: Math.floor(samples.length / SOUND_RATE) }, (_, second) => {
    const from = Math.round((second + 0.25) * SOUND_RATE);
    return countCrossings(samples.subarray(from, from + SOUND_RATE / 2));
  });
}

/** In half a second: every period crosses zero twice. */
function countCrossings(samples: Int16Array): number {
  return samples.reduce(
    (count, sample, index) => count + (index > 0 && sample < 0 !== (samples[index - 1] ?? 0) < 0 ? 1 : 0),
    0,
  );
}
