import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { drawMark, GRID, HALF_SECONDS, makeSound, SOUND_RATE } from './marks.ts';

const CACHE = path.join(homedir(), '.cache', 'reelmill', 'chaos');
const TIMEOUT_MS = 120_000;

export type Container = 'mp4' | 'mkv' | 'ts';

/** A film whose every picture and half second of sound is unique. */
export interface Clip {
  id: number;
  container: Container;
  seconds: number;
  /** Pictures per second. */
  rate: number;
  width: number;
  height: number;
  pictures: number;
  halves: number;
  /** Names of its renditions. */
  qualities: readonly string[];
  /** To be read only. */
  file: string;
}

interface Recipe {
  container: Container;
  seconds: number;
  rate: number;
  large?: true;
}

/** From 11 s on a film is cut into several chunks. */
const RECIPES: readonly Recipe[] = [
  { container: 'mp4', seconds: 2, rate: 25 },
  { container: 'mkv', seconds: 3, rate: 12 },
  { container: 'ts', seconds: 4, rate: 25 },
  { container: 'mp4', seconds: 13, rate: 12 },
  { container: 'mkv', seconds: 2, rate: 25 },
  { container: 'mp4', seconds: 5, rate: 12 },
  { container: 'mkv', seconds: 16, rate: 12 },
  { container: 'mp4', seconds: 3, rate: 24, large: true },
  { container: 'ts', seconds: 14, rate: 12 },
  { container: 'mp4', seconds: 6, rate: 12 },
  { container: 'ts', seconds: 2, rate: 12 },
  { container: 'mkv', seconds: 4, rate: 25 },
];

/** As many different clips, made once and kept. */
export async function makeClips(count: number): Promise<Clip[]> {
  await mkdir(CACHE, { recursive: true });
  const clips: Clip[] = [];
  for (let id = 0; id < count; id += 1) clips.push(await makeClip(id));
  return clips;
}

async function makeClip(id: number): Promise<Clip> {
  const recipe = RECIPES[id % RECIPES.length];
  if (recipe === undefined) throw new RangeError('there is no such clip');
  const { container, seconds, rate, large } = recipe;
  const [width, height] = large ? [640, 360] : [160, 90];
  const clip = {
    ...{ id, container, seconds, rate, width, height },
    pictures: seconds * rate,
    halves: seconds / HALF_SECONDS,
    qualities: large ? ['360p', '240p'] : ['240p'],
  };
  const sources = await Promise.all(['marks.ts', 'clips.ts'].map((name) => readFile(here(name))));
  const version = createHash('sha256').update(Buffer.concat(sources)).digest('hex').slice(0, 8);
  const file = path.join(CACHE, `clip-${id}-${version}.${container}`);
  const exists = await readFile(file).then(
    () => true,
    () => false,
  );
  if (!exists) await encodeClip(clip, file);
  return { ...clip, file };
}

const here = (name: string): string => path.join(import.meta.dirname, name);

async function encodeClip(clip: Omit<Clip, 'file'>, file: string): Promise<void> {
  const stem = `${file}.${randomBytes(4).toString('hex')}`;
  const made = `${stem}.made.${clip.container}`;
  const marks = [...Array(clip.pictures).keys()].map((picture) => drawMark(clip.id, picture));
  await writeFile(`${stem}.gray`, Buffer.concat(marks));
  await writeFile(`${stem}.s16`, makeSound(clip.id, clip.seconds));
  const args = [
    ...['-v', 'error', '-nostdin', '-y'],
    ...['-f', 'rawvideo', '-pix_fmt', 'gray', '-s', `${GRID.columns}x${GRID.rows}`],
    ...['-r', String(clip.rate), '-i', `${stem}.gray`],
    ...['-f', 's16le', '-ar', String(SOUND_RATE), '-ac', '1', '-i', `${stem}.s16`],
    ...['-vf', `scale=${clip.width}:${clip.height}:flags=neighbor,format=yuv420p`],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '24', '-bf', '2', '-threads', '1'],
    ...['-c:a', 'aac', '-b:a', '64k', made],
  ];
  try {
    await promisify(execFile)('ffmpeg', args, { timeout: TIMEOUT_MS });
    await rename(made, file);
  } finally {
    await Promise.all([`${stem}.gray`, `${stem}.s16`, made].map((name) => rm(name, { force: true })));
  }
}

/** The clip with bytes at its end that no player reads: every upload is another file, and as large as it shall be. */
export function addTail(bytes: Buffer, container: Container, tail: Buffer): Buffer {
  if (container === 'mp4') {
    const head = Buffer.alloc(8);
    head.writeUInt32BE(tail.length + 8);
    head.write('free', 4, 'latin1');
    return Buffer.concat([bytes, head, tail]);
  }
  if (container === 'mkv') {
    // a Void element with its length in 8 bytes
    const head = Buffer.alloc(9);
    head.writeUInt8(0xec);
    head.writeBigUInt64BE(BigInt(tail.length) | (1n << 56n), 1);
    return Buffer.concat([bytes, head, tail]);
  }
  const packets: Buffer[] = [];
  for (let at = 0; at < tail.length; at += 184) {
    // null packets
    const packet = Buffer.alloc(188, 0xff);
    packet.set([0x47, 0x1f, 0xff, 0x10]);
    packet.set(tail.subarray(at, at + 184), 4);
    packets.push(packet);
  }
  return Buffer.concat([bytes, ...packets]);
}
