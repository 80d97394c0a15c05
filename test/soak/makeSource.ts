import { execFile } from 'node:child_process';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { drawMark, GRID, makeSound, SOUND_RATE } from '../chaos/marks.ts';
import { CONTAINERS_FORMAT, SOUND_ENCODERS, VIDEO_CODECS } from './codecs.ts';
import { damageFile, turnTrack } from './damageFile.ts';
import type { Recipe, Sound } from './recipeTypes.ts';

const run = promisify(execFile);
const TIMEOUT_MS = 120_000;
/** Decode times lie before 0 without it, and containers move them each in their own way. */
const TS_LEAD_SECONDS = 1;

/** Makes the file of a recipe in a folder and returns its path. */
export async function makeSource(recipe: Recipe, folder: string): Promise<string> {
  const file = path.join(folder, `source-${recipe.seed}.${recipe.container}`);
  const parts = partsOf(recipe);
  const files: string[] = [];
  for (const [index, part] of parts.entries()) {
    const piece = path.join(folder, `part-${recipe.seed}-${index}.${recipe.container}`);
    await encodePart(recipe, part, piece);
    files.push(piece);
  }
  await writeFile(file, Buffer.concat(await Promise.all(files.map((piece) => readFile(piece)))));
  await Promise.all(files.map((piece) => rm(piece)));
  if (recipe.trimSeconds > 0) await trim(file, recipe.trimSeconds);
  await turnTrack(file, recipe);
  if (recipe.damage !== null) await damageFile(file, recipe.damage);
  return file;
}

/** The number that every mark of the source carries. */
export function clipOf({ seed }: Recipe): number {
  return seed & 0xffff;
}

/** A stretch of a film that is encoded in one run; times are those of the film. */
interface Part {
  fromPicture: number;
  toPicture: number;
  fromSeconds: number;
  toSeconds: number;
  interlaced: boolean;
  scale: number;
  sound: Pick<Sound, 'channels' | 'sampleRate'> | null;
}

function partsOf(recipe: Recipe): Part[] {
  const { rate, seconds, interlaced, grows, sound } = recipe;
  const pictures = Math.round((seconds * rate.num) / rate.den);
  const whole: Part = {
    ...{ fromPicture: 0, toPicture: pictures, fromSeconds: 0, toSeconds: Number.POSITIVE_INFINITY },
    ...{ interlaced: interlaced === 'whole', scale: 1, sound },
  };
  if (!grows && interlaced !== 'from the middle' && !sound?.change) return [whole];
  const middle = Math.floor(pictures / 2);
  const cut = (middle * rate.den) / rate.num;
  return [
    { ...whole, toPicture: middle, toSeconds: cut },
    {
      ...{ ...whole, fromPicture: middle, fromSeconds: cut, interlaced: interlaced !== 'no' },
      ...{ scale: grows ? 2 : 1, sound: sound?.change ?? sound },
    },
  ];
}

async function encodePart(recipe: Recipe, part: Part, file: string): Promise<void> {
  const { rate, container } = recipe;
  const pictures = `${file}.gray`;
  const samples = `${file}.s16`;
  // an interlaced frame is made of two pictures
  const fields = recipe.interlaced === 'no' ? 1 : 2;
  const numbers = Array.from(
    { length: part.toPicture - part.fromPicture },
    (_, index) => part.fromPicture + index,
  ).flatMap((picture) => (part.interlaced ? [2 * picture, 2 * picture + 1] : [picture * fields]));
  await writeFile(pictures, Buffer.concat(numbers.map((number) => drawMark(clipOf(recipe), number))));
  const sound = cutSound(recipe, part);
  if (sound !== null) await writeFile(samples, sound.bytes);
  const inputRate = `${rate.num * (part.interlaced ? 2 : 1)}/${rate.den}`;
  const offset = recipe.startSeconds + part.fromSeconds + (container === 'ts' ? TS_LEAD_SECONDS : 0);
  const raw = ['-f', 's16le', '-ar', String(SOUND_RATE), '-ac', '1'];
  try {
    await ffmpeg(
      ...[
        '-f',
        'rawvideo',
        '-pix_fmt',
        'gray',
        '-s',
        `${GRID.columns}x${GRID.rows}`,
        '-r',
        inputRate,
        '-i',
        pictures,
      ],
      ...(sound ? ['-itsoffset', sound.beginsSeconds.toFixed(6), ...raw, '-i', samples] : []),
      ...['-filter:v', pictureFilters(recipe, part), '-fps_mode', 'passthrough', ...timeBase(recipe)],
      ...VIDEO_CODECS[recipe.codec].args({ ...recipe, interlaced: part.interlaced ? 'whole' : 'no' }),
      ...(sound && part.sound ? soundArgs(recipe, part.sound) : []),
      ...(offset > 0 ? ['-output_ts_offset', offset.toFixed(6)] : []),
      ...muxerArgs(recipe, part),
      file,
    );
  } finally {
    await Promise.all([pictures, samples].map((name) => rm(name, { force: true })));
  }
}

/** The samples of a part, and when they begin after its first picture; null where there are none. */
function cutSound({ sound, seed }: Recipe, part: Part): { bytes: Buffer; beginsSeconds: number } | null {
  if (sound === null || part.sound === null) return null;
  const all = makeSound(seed & 0xffff, sound.seconds);
  const sampleAt = (seconds: number): number =>
    Math.min(all.length / 2, Math.max(0, Math.round((seconds - sound.offsetSeconds) * SOUND_RATE)));
  const from = part.fromSeconds === 0 ? 0 : sampleAt(part.fromSeconds);
  const to = part.toSeconds === Number.POSITIVE_INFINITY ? all.length / 2 : sampleAt(part.toSeconds);
  if (to <= from) return null;
  const beginsSeconds = from / SOUND_RATE + sound.offsetSeconds - part.fromSeconds;
  return { bytes: all.subarray(from * 2, to * 2), beginsSeconds };
}

function pictureFilters(recipe: Recipe, part: Part): string {
  const { rate, timing, seed, pictureHole, width, height, alpha, sampleAspect } = recipe;
  const pictures = part.toPicture - part.fromPicture;
  const dropped = `select=eq(n\\,0)+gte(mod(n*n*31+${seed % 1000}\\,7)\\,2)`;
  const jitter = `settb=1/30000,setpts=(N+0.35*sin(N*${1 + (seed % 9)}))*${rate.den}/(${rate.num}*TB)`;
  const slower = `select=lt(n\\,${Math.floor(pictures / 2)})+not(mod(n\\,2))`;
  const timings = { constant: [], dropped: [dropped], jitter: [jitter], 'two rates': [slower] };
  const hidden = `drawbox=x=${width / 2}:y=0:w=${width / 2}:h=${height}:color=white@0:t=fill:replace=1`;
  return [
    ...timings[timing],
    ...(pictureHole ? [`select=not(between(t\\,${pictureHole[0]}\\,${pictureHole[1]}))`] : []),
    `scale=${width * part.scale}:${height * part.scale}:flags=neighbor`,
    ...(part.interlaced ? ['format=yuv420p', 'tinterlace=interleave_top', 'setfield=tff'] : []),
    ...(alpha ? ['format=yuva444p', hidden] : []),
    `format=${pixelFormat(recipe)}`,
    `setsar=${sampleAspect}`,
  ].join(',');
}

function pixelFormat({ codec, alpha }: Recipe): string {
  if (codec === 'prores') return alpha ? 'yuva444p10le' : 'yuv422p10le';
  return codec === 'mjpeg' ? 'yuvj420p' : 'yuv420p';
}

/** MPEG-2 has no clock but its frame rate. */
function timeBase({ timing, codec }: Recipe): string[] {
  return timing === 'constant' || codec === 'mpeg2' ? [] : ['-enc_time_base', '1/30000'];
}

function soundArgs(
  recipe: Recipe,
  { channels, sampleRate }: Pick<Sound, 'channels' | 'sampleRate'>,
): string[] {
  const { sound, soundHole } = recipe;
  if (sound === null) return [];
  const hole = soundHole && `aselect=not(between(t\\,${soundHole[0]}\\,${soundHole[1]}))`;
  return [
    ...SOUND_ENCODERS[sound.codec],
    ...['-ac', String(channels), '-ar', String(sampleRate)],
    ...(hole ? ['-filter:a', hole] : []),
  ];
}

function muxerArgs({ container, layout }: Recipe, part: Part): string[] {
  const layouts = {
    plain: [],
    faststart: ['+faststart'],
    fragmented: ['+frag_keyframe+empty_moov+delay_moov'],
  };
  const flags = layouts[layout].flatMap((flag) => ['-movflags', flag]);
  const joined =
    container === 'ts' && part.fromPicture > 0 ? ['-mpegts_flags', '+initial_discontinuity'] : [];
  return [...flags, ...joined, '-strict', '-2', '-fflags', '+bitexact', '-f', CONTAINERS_FORMAT[container]];
}

/** What lies before is still in the file, as far as the keyframe before, and an edit list hides it. */
async function trim(file: string, seconds: number): Promise<void> {
  const trimmed = `${file}.trimmed${path.extname(file)}`;
  await ffmpeg(
    '-ss',
    seconds.toFixed(3),
    '-i',
    file,
    '-map',
    '0',
    '-c',
    'copy',
    '-fflags',
    '+bitexact',
    trimmed,
  );
  await rename(trimmed, file);
}

async function ffmpeg(...args: string[]): Promise<void> {
  await run('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...args], { timeout: TIMEOUT_MS });
}
