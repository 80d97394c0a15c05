import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { makeFilm } from './films.ts';

const run = promisify(execFile);
const HEIGHTS = [360, 180] as const;

/** Makes a folder with `master.m3u8`, two sizes named as the server names them, and `storyboard.vtt`. */
export async function makeHlsFilm(folder: string, seconds: number): Promise<void> {
  const film = await makeFilm(folder, { seconds, size: '640x360' });
  await mkdir(folder, { recursive: true });
  for (const height of HEIGHTS) await makeRendition(film, folder, height);
  const entries = HEIGHTS.map((height) => {
    const bandwidth = height * 5_000;
    return `#EXT-X-STREAM-INF:BANDWIDTH=${bandwidth},RESOLUTION=${(height / 9) * 16}x${height}\n${height}p.m3u8`;
  });
  await writeFile(path.join(folder, 'master.m3u8'), `#EXTM3U\n#EXT-X-VERSION:7\n${entries.join('\n')}\n`);
  const cue = `00:00.000 --> 01:00.000\n/covers/7.svg#xywh=0,0,160,90`;
  await writeFile(path.join(folder, 'storyboard.vtt'), `WEBVTT\n\n${cue}\n`);
}

async function makeRendition(film: string, folder: string, height: number): Promise<void> {
  const argv = [
    ...['-v', 'error', '-nostdin', '-y', '-i', film, '-vf', `scale=-2:${height}`],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '25', '-keyint_min', '25', '-sc_threshold', '0'],
    ...['-c:a', 'aac', '-f', 'hls', '-hls_time', '1', '-hls_playlist_type', 'vod', '-hls_list_size', '0'],
    ...['-hls_segment_type', 'fmp4', '-hls_fmp4_init_filename', `${height}p_init.mp4`],
    ...['-hls_segment_filename', `${height}p_%d.m4s`, `${height}p.m3u8`],
  ];
  // the init file is written to the working folder
  await run('ffmpeg', argv, { cwd: folder });
}
