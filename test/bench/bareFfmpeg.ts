import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { makeTemporaryFolder } from '../support/processes.ts';
import { readChildrenCpuSeconds } from './cpuTime.ts';
import type { Cost } from './figures.ts';
import type { Film } from './films.ts';

/** What the farm makes of a 1080p source, with x264's settings as in the worker. */
const LADDER = [
  { quality: '1080p', width: 1920, height: 1080, maxrate: 5_000_000 },
  { quality: '720p', width: 1280, height: 720, maxrate: 2_800_000 },
  { quality: '480p', width: 854, height: 480, maxrate: 1_400_000 },
  { quality: '360p', width: 640, height: 360, maxrate: 800_000 },
  { quality: '240p', width: 426, height: 240, maxrate: 450_000 },
];
const SEGMENT_FRAMES = 150;
const FRAME_RATE = 30;

export interface BareOptions {
  /** Threads as a worker is told them; all cores by default. */
  threads?: number;
  /** The one core to run on, by its number; all of them by default. */
  core?: number;
}

/**
 * What somebody would type who has no farm: one ffmpeg that decodes the film once and writes every rendition and the
 * sound as HLS in fMP4, read from and written to the disk.
 */
export async function transcodeBare(film: Film, options: BareOptions = {}): Promise<Cost> {
  const folder = await makeTemporaryFolder('bare');
  try {
    for (const name of [...LADDER.map(({ quality }) => quality), 'audio']) {
      await mkdir(path.join(folder.path, name));
    }
    const args = bareArgs(film.file, options.threads ?? availableParallelism());
    const cpuBefore = await readChildrenCpuSeconds();
    const begun = performance.now();
    await run(options.core, args, folder.path);
    const seconds = (performance.now() - begun) / 1000;
    const cpuSeconds = (await readChildrenCpuSeconds()) - cpuBefore;
    await checkPlaylists(folder.path, film);
    return { seconds, cpuSeconds };
  } finally {
    await folder.remove();
  }
}

function bareArgs(file: string, threads: number): string[] {
  const labels = LADDER.map((_, index) => `[s${index}]`).join('');
  const scaled = LADDER.map(({ width, height }, index) =>
    index === 0 ? `[s0]null[v0]` : `[s${index}]scale=${width}:${height}:flags=bicubic[v${index}]`,
  );
  return [
    ...['-v', 'error', '-nostdin', '-y', '-filter_complex_threads', String(threads)],
    ...['-threads', String(threads), '-i', file],
    ...['-filter_complex', [`[0:v]split=${LADDER.length}${labels}`, ...scaled].join(';')],
    ...LADDER.flatMap(({ quality, maxrate }, index) => [
      ...['-map', `[v${index}]`, '-c:v', 'libx264', '-preset', 'veryfast', '-profile:v', 'high'],
      ...['-pix_fmt', 'yuv420p', '-crf', '23', '-maxrate', String(maxrate), '-bufsize', String(maxrate * 2)],
      ...['-g', String(SEGMENT_FRAMES), '-keyint_min', String(SEGMENT_FRAMES), '-sc_threshold', '0'],
      ...['-threads', String(Math.ceil(threads * 1.5)), ...hlsArgs(quality)],
    ]),
    ...['-map', '0:a', '-c:a', 'aac', '-b:a', '128k', ...hlsArgs('audio')],
  ];
}

function hlsArgs(folder: string): string[] {
  return [
    ...['-f', 'hls', '-hls_segment_type', 'fmp4', '-hls_time', String(SEGMENT_FRAMES / FRAME_RATE)],
    ...['-hls_list_size', '0', '-hls_playlist_type', 'vod', '-hls_fmp4_init_filename', 'init.mp4'],
    ...['-hls_segment_filename', `${folder}/%05d.m4s`, `${folder}/list.m3u8`],
  ];
}

async function run(core: number | undefined, args: string[], cwd: string): Promise<void> {
  const [command, ...rest] =
    core === undefined ? ['ffmpeg', ...args] : ['taskset', '-c', String(core), 'ffmpeg', ...args];
  const child = spawn(command ?? '', rest, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`ffmpeg ended with ${code}`);
}

/** A run that made less than everything is no run. */
async function checkPlaylists(folder: string, film: Film): Promise<void> {
  for (const name of [...LADDER.map(({ quality }) => quality), 'audio']) {
    const playlist = await readFile(path.join(folder, name, 'list.m3u8'), 'utf8');
    const lengths = [...playlist.matchAll(/^#EXTINF:([\d.]+)/gm)].map(([, seconds]) => Number(seconds));
    const total = lengths.reduce((sum, seconds) => sum + seconds, 0);
    if (Math.abs(total - film.seconds) > 1)
      throw new Error(`${name} lasts ${total} s, not ${film.seconds} s`);
  }
}
