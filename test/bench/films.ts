import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { access, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

/** A film of 1080p at 30 frames per second with sound. */
export interface Film {
  file: string;
  seconds: number;
}

const WHOLE_SECONDS = 180;
const TIMES_LONGER = 10;
const QUIET = ['-v', 'error', '-nostdin', '-y'];

/** The film of the benches, or its first `seconds`; made once and kept in the cache. */
export async function shortFilm(seconds = WHOLE_SECONDS): Promise<Film> {
  const whole = await keep('three.mp4', (file) => ffmpeg([...recipe(WHOLE_SECONDS), file]));
  if (seconds >= WHOLE_SECONDS) return { file: whole, seconds: WHOLE_SECONDS };
  const cut = ['-i', whole, '-t', String(seconds), '-map', '0', '-c', 'copy'];
  return { file: await keep(`cut-${seconds}.mp4`, (file) => ffmpeg([...cut, file])), seconds };
}

/** Ten times the film in one file, half an hour where it is whole. */
export async function longFilm(seconds = WHOLE_SECONDS): Promise<Film> {
  const part = await shortFilm(seconds);
  const file = await keep(`long-${part.seconds}.mp4`, async (draft) => {
    const list = `${draft}.txt`;
    await writeFile(list, `file '${part.file}'\n`.repeat(TIMES_LONGER));
    const join = ['-f', 'concat', '-safe', '0', '-i', list, '-map', '0', '-c', 'copy', draft];
    await ffmpeg(join).finally(() => rm(list, { force: true }));
  });
  return { file, seconds: part.seconds * TIMES_LONGER };
}

function recipe(seconds: number): string[] {
  return [
    ...['-f', 'lavfi', '-i', `testsrc2=size=1920x1080:rate=30:duration=${seconds}`],
    ...['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=48000:duration=${seconds}`],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '120'],
    ...['-c:a', 'aac', '-b:a', '128k', '-ac', '2'],
  ];
}

async function keep(name: string, make: (file: string) => Promise<unknown>): Promise<string> {
  const cache = process.env.REELMILL_CACHE || path.join(homedir(), '.cache', 'reelmill');
  const folder = path.join(cache, 'bench');
  const file = path.join(folder, name);
  const there = await access(file).then(
    () => true,
    () => false,
  );
  if (there) return file;
  await mkdir(folder, { recursive: true });
  const draft = path.join(folder, `${randomUUID()}.mp4`);
  try {
    await make(draft);
    // a film that is there is whole
    await rename(draft, file);
  } finally {
    await rm(draft, { force: true });
  }
  return file;
}

function ffmpeg(args: readonly string[]): Promise<unknown> {
  return promisify(execFile)('ffmpeg', [...QUIET, ...args]);
}
