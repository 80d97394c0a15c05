import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { objectKeys, type VideoFolder } from '@reelmill/shared/core/objectKeys.ts';
import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import { listUris } from '../../server/src/playback/playlistUris.ts';

const run = promisify(execFile);

/** Pictures per second of a film. */
export const FILM_RATE = 25;

/** Makes a film with a tone in a folder: cheap to make, and work enough for several workers. */
export async function makeFilm(folder: string, options: { seconds: number; size: string }): Promise<string> {
  await mkdir(folder, { recursive: true });
  const file = path.join(folder, 'film.mp4');
  await run('ffmpeg', [
    ...['-v', 'error', '-nostdin', '-y'],
    ...['-f', 'lavfi', '-i', `testsrc2=size=${options.size}:rate=${FILM_RATE}:duration=${options.seconds}`],
    ...['-f', 'lavfi', '-i', `sine=duration=${options.seconds}`],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '50', '-pix_fmt', 'yuv420p', '-c:a', 'aac', file],
  ]);
  return file;
}

/** Counts the pictures of a published rendition by putting what its playlist names one behind the other. */
export async function countFrames(
  store: ObjectStore,
  folder: string,
  { videoFolder, quality, segments }: { videoFolder: VideoFolder; quality: string; segments: number },
): Promise<number> {
  const file = path.join(folder, `${videoFolder}-${quality}.mp4`);
  const playlist = objectKeys.playlist(videoFolder, quality);
  const names = listUris(await text(await store.get(playlist)));
  const keys = names.map((name) => path.posix.join(path.posix.dirname(playlist), name));
  assert.equal(keys.length, segments + 1, playlist);
  try {
    for (const key of keys) await pipeline(await store.get(key), createWriteStream(file, { flags: 'a' }));
    const { stdout } = await run('ffprobe', [
      ...['-v', 'error', '-select_streams', 'v:0', '-count_frames'],
      ...['-show_entries', 'stream=nb_read_frames', '-of', 'csv=p=0', file],
    ]);
    return Number(stdout.trim());
  } finally {
    await rm(file, { force: true });
  }
}
