import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const TIMEOUT_MS = 30 * 60_000;
/** The published length may differ from the played one by this much. */
const TOLERANCE_SECONDS = 0.5;

/** Plays one rendition and the sound from the first segment to the last; throws what is wrong with them. */
export async function verifyPlayback(
  playbackUrl: string,
  durationSeconds: number,
): Promise<{ frames: number }> {
  const { stdout, stderr } = await promisify(execFile)(
    'ffmpeg',
    [
      ...['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'error', '-progress', 'pipe:1'],
      ...['-i', playbackUrl, '-map', '0:v:0', '-map', '0:a:0?', '-f', 'null', '-'],
    ],
    { timeout: TIMEOUT_MS, maxBuffer: 64 * 1024 * 1024 },
  );
  if (stderr.trim() !== '')
    throw new Error(`The video does not play cleanly: ${stderr.trim().split('\n')[0]}`);
  const frames = Number(lastValue(stdout, 'frame'));
  const playedSeconds = Number(lastValue(stdout, 'out_time_us')) / 1e6;
  if (!(frames > 0) || Math.abs(playedSeconds - durationSeconds) > TOLERANCE_SECONDS) {
    throw new Error(`The video should play for ${durationSeconds} s, but ended after ${playedSeconds} s.`);
  }
  return { frames };
}

function lastValue(progress: string, name: string): string | undefined {
  return [...progress.matchAll(new RegExp(`^${name}=\\s*(\\S+)$`, 'gm'))].at(-1)?.[1];
}
