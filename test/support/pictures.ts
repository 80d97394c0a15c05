import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import type { NoticeFacts } from '@reelmill/shared/contracts/notices.ts';
import { videoSegmentCount } from '@reelmill/shared/core/timeline.ts';
import { joinOutput } from './joinedOutput.ts';
import type { MediaStore } from './mediaStore.ts';
import type { Transcoded } from './transcode.ts';

const run = promisify(execFile);

/** Red, green and blue, each from 0 to 255. */
export type Colour = readonly [red: number, green: number, blue: number];

/** The decoded pictures of a file. */
export interface Pictures {
  count: number;
  width: number;
  height: number;
  /** The colour of a picture at a place, given in shares of its width and height. */
  at(picture: number, x: number, y: number): Colour;
}

/** Runs ffmpeg to make a source in a folder and returns its path. */
export async function makeSource(folder: string, name: string, ...args: string[]): Promise<string> {
  const file = path.join(folder, name);
  await run('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...args, file]);
  return file;
}

/** Decodes a file as a player does that knows no metadata but the colours. */
export async function readPictures(
  file: string,
  { width, height }: { width: number; height: number },
): Promise<Pictures> {
  const { stdout } = await run(
    'ffmpeg',
    ['-v', 'error', '-i', file, '-fps_mode', 'passthrough', '-pix_fmt', 'rgb24', '-f', 'rawvideo', '-'],
    { encoding: 'buffer', maxBuffer: 640 * 1024 * 1024 },
  );
  const at = (picture: number, x: number, y: number): Colour => {
    const pixel = Math.floor(y * height) * width + Math.floor(x * width);
    const [red = -1, green = -1, blue = -1] = stdout.subarray((picture * width * height + pixel) * 3);
    return [red, green, blue];
  };
  return { count: stdout.length / (width * height * 3), width, height, at };
}

/** The pictures of a transcoded video in its largest rendition. */
export async function publishedPictures(media: MediaStore, { plan }: Transcoded): Promise<Pictures> {
  const [rendition] = plan.renditions;
  if (!rendition) throw new Error('a plan without renditions');
  const joined = await joinOutput(media, rendition.quality, videoSegmentCount(plan));
  return readPictures(joined.file, rendition);
}

/** Whether two colours look the same after lossy encoding. */
export function isNear(colour: Colour, expected: Colour, tolerance = 28): boolean {
  return colour.every((value, channel) => Math.abs(value - (expected[channel] ?? 0)) <= tolerance);
}

export function noticeCodes(notices: readonly NoticeFacts[] | undefined): string[] {
  return (notices ?? []).map(({ code }) => code);
}
