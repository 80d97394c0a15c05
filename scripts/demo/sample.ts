import { execFile } from 'node:child_process';
import { access, mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const SECONDS = 30;
const PICTURE = `gradients=size=1280x720:rate=30:nb_colors=7:speed=0.03:duration=${SECONDS}`;
const SOUND = `aevalsrc='0.12*(sin(2*PI*220*t)+sin(2*PI*277.18*t)+sin(2*PI*329.63*t))*(0.6+0.4*sin(2*PI*t/5))':sample_rate=48000:duration=${SECONDS}`;

/** Makes half a minute of drifting colours and a chord, once, and returns the file. */
export async function makeSample(folder: string): Promise<string> {
  const file = path.join(folder, 'reelmill-sample.mp4');
  if (await exists(file)) return file;
  await mkdir(folder, { recursive: true });
  // under another name until it is whole, so that an interrupted demo leaves no half a sample
  const unfinished = path.join(folder, 'unfinished.mp4');
  await promisify(execFile)(
    'ffmpeg',
    [
      ...['-hide_banner', '-loglevel', 'error', '-nostdin', '-y'],
      ...['-f', 'lavfi', '-i', PICTURE, '-f', 'lavfi', '-i', SOUND],
      ...['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '18', '-pix_fmt', 'yuv420p'],
      ...['-c:a', 'aac', '-b:a', '160k', '-ac', '2', '-movflags', '+faststart', unfinished],
    ],
    { timeout: 300_000 },
  );
  await rename(unfinished, file);
  return file;
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
