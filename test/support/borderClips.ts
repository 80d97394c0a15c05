import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const MAX_OUTPUT = 64 * 1024 * 1024;
/** Steps of brightness on the left, and how bright the halves begin. */
const STEPS = 60;
const DARKEST = 40;

/** The number that picture n shows: left and right half of its upper part, three and eight apart. */
const MARKS = `if(lt(X,1),${DARKEST}+3*mod(N,${STEPS}),${DARKEST}+8*floor(N/${STEPS}))`;

/** A film whose every picture shows its number, above something that moves, without loss. */
export async function makeNumberedFilm(
  folder: string,
  { seconds, rate }: { seconds: number; rate: number },
): Promise<string> {
  const file = path.join(folder, `numbered-${rate}.mkv`);
  const numbers = `color=black:s=2x1:r=${rate}:d=${seconds},format=yuv444p,geq=lum='${MARKS}':cb=128:cr=128`;
  const moving = `testsrc2=s=160x90:r=${rate}:d=${seconds},format=yuv420p`;
  await run('ffmpeg', [
    ...['-v', 'error', '-f', 'lavfi', '-i', moving, '-f', 'lavfi', '-i', numbers, '-filter_complex'],
    '[1:v]scale=160:64:flags=neighbor,format=yuv420p[numbers];[0:v][numbers]overlay',
    ...['-c:v', 'ffv1', file],
  ]);
  return file;
}

/** Encodes a film with options of ffmpeg; the name's extension decides the container. */
export async function encodeFilm(film: string, name: string, options: readonly string[]): Promise<string> {
  const file = path.join(path.dirname(film), name);
  await run('ffmpeg', ['-v', 'error', '-nostdin', '-i', film, ...options, file]);
  return file;
}

const TS_PACKET = 188;

/** A copy of a transport stream without its first packets, as of a receiver that was switched on late. */
export async function cutBeginning(file: string, name: string, share: number): Promise<string> {
  const bytes = await readFile(file);
  const packets = Math.floor((bytes.length * share) / TS_PACKET);
  const cut = path.join(path.dirname(file), name);
  await writeFile(cut, bytes.subarray(packets * TS_PACKET));
  return cut;
}

export async function firstKeyframeSeconds(file: string): Promise<number> {
  const what = ['-select_streams', 'v:0', '-show_entries', 'packet=pts_time,flags', '-of', 'csv=p=0'];
  const { stdout } = await run('ffprobe', ['-v', 'error', ...what, file], { maxBuffer: MAX_OUTPUT });
  return Number.parseFloat(stdout.split('\n').find((line) => line.includes('K')) ?? '');
}

/** The number that each tile of a sheet of pictures shows, row by row. */
export async function numbersOfTiles(file: string, columns: number, rows: number): Promise<number[]> {
  const repeated = `loop=loop=${columns * rows - 1}:size=1,setpts=N/TB/25`;
  const tile = `crop=iw/${columns}:ih/${rows}:mod(n\\,${columns})*ow:floor(n/${columns})*oh`;
  return numbersShown(file, `${repeated},${tile},`);
}

/** What a grey is in the range that the marks are made in. */
function lumaOf(grey: number): number {
  return 16 + (grey * 219) / 255;
}

/** The number that each picture of a file shows, in order. */
export async function numbersShown(file: string, before = ''): Promise<number[]> {
  // as shown: a picture may be in either range
  const filters = `${before}crop=iw:ih*0.6:0:0,scale=2:1:flags=area,format=gbrp,extractplanes=g`;
  const { stdout } = await run(
    'ffmpeg',
    ['-v', 'error', '-i', file, '-vf', filters, '-fps_mode', 'passthrough', '-f', 'rawvideo', '-'],
    { encoding: 'buffer', maxBuffer: MAX_OUTPUT },
  );
  return Array.from({ length: stdout.length / 2 }, (_, index) => {
    const [left = 0, right = 0] = [...stdout.subarray(index * 2, index * 2 + 2)].map(lumaOf);
    return Math.round((right - DARKEST) / 8) * STEPS + Math.round((left - DARKEST) / 3);
  });
}
