import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import type { VideoRow } from '../../server/src/db/rows.ts';
import { listUris } from '../../server/src/playback/playlistUris.ts';
import type { Clip } from './clips.ts';
import { GRID, hearTone, MARK_BYTES, readMark, toneOf } from './marks.ts';

const LISTEN_RATE = 16_000;
const TIMEOUT_MS = 120_000;
const MAX_NAMED = 6;

interface Rendition {
  name: string;
  /** Init and segments in their order, put together. */
  file: string;
}

export type PublishedVideo = Pick<VideoRow, 'id' | 'objectFolder' | 'coverKey' | 'storyboardKey'>;

export interface ContentChecks {
  store: Pick<ObjectStore, 'get'>;
  /** For what is decoded. */
  folder: string;
  /** SHA-256 of what players got, by key. */
  played: ReadonlyMap<string, string>;
  report(check: string, what: string): void;
}

/**
 * Checks that a published video is its clip: every rendition picture by picture, the sound half second by half second,
 * cover and storyboard. Returns the keys of its published objects.
 */
export async function checkContent(
  { store, folder, played, report }: ContentChecks,
  video: PublishedVideo,
  clip: Clip,
): Promise<string[]> {
  const scratch = path.join(folder, `check-${video.id}`);
  const keys: string[] = [];
  const read = async (key: string): Promise<Buffer> => {
    keys.push(key);
    const bytes = await buffer(await store.get(key));
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    if (sha256 !== (played.get(key) ?? sha256)) report('changed after it was played', key);
    return bytes;
  };
  await mkdir(scratch, { recursive: true });
  try {
    const renditions = await readRenditions(video, read, scratch);
    const pictures = await readPictures(video, read, scratch);
    const names = renditions.map(({ name }) => name).sort();
    const expected = [...clip.qualities, 'audio'].sort();
    if (names.join() !== expected.join()) report('renditions', `${names} instead of ${expected}`);
    const errors = await decode(renditions, pictures, scratch);
    if (errors !== '') report('decoding', errors);
    for (const { name, file } of renditions) {
      const bytes = await readFile(`${file}.raw`);
      if (name === 'audio') checkSound(bytes, clip, (what) => report('sound', what));
      else checkPictures(bytes, clip, (what) => report('picture', `${name}: ${what}`));
    }
  } catch (error) {
    report('published objects', error instanceof Error ? error.message : String(error));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return keys;
}

async function readRenditions(
  video: PublishedVideo,
  read: (key: string) => Promise<Buffer>,
  scratch: string,
): Promise<Rendition[]> {
  const under = (key: string, uri: string): string => path.posix.join(path.posix.dirname(key), uri);
  const masterKey = `processed/${video.objectFolder ?? video.id}/master.m3u8`;
  const master = await read(masterKey);
  const renditions: Rendition[] = [];
  for (const playlistKey of listUris(master.toString()).map((uri) => under(masterKey, uri))) {
    const playlist = (await read(playlistKey)).toString();
    const name = path.posix.basename(playlistKey, '.m3u8');
    const parts = await Promise.all(listUris(playlist).map((uri) => read(under(playlistKey, uri))));
    const file = path.join(scratch, `${name}.mp4`);
    await writeFile(file, Buffer.concat(parts));
    renditions.push({ name, file });
  }
  return renditions;
}

/** The files of cover and storyboard. */
async function readPictures(
  video: PublishedVideo,
  read: (key: string) => Promise<Buffer>,
  scratch: string,
): Promise<string[]> {
  const files: string[] = [];
  const add = async (key: string): Promise<void> => {
    const file = path.join(scratch, `picture-${files.length}.jpg`);
    await writeFile(file, await read(key));
    files.push(file);
  };
  if (video.coverKey === null || video.storyboardKey === null)
    throw new Error('it has no cover or storyboard');
  await add(video.coverKey);
  const vtt = (await read(video.storyboardKey)).toString();
  const sprites = new Set([...vtt.matchAll(/^(\S+)#xywh=/gm)].map(([, uri]) => uri ?? ''));
  for (const uri of sprites) await add(path.posix.join(path.posix.dirname(video.storyboardKey), uri));
  if (sprites.size === 0) throw new Error('its storyboard names no picture');
  return files;
}

/** Decodes everything once, each rendition to the blocks of its marks or to samples. Returns what ffmpeg complained of. */
async function decode(
  renditions: readonly Rendition[],
  pictures: readonly string[],
  scratch: string,
): Promise<string> {
  const inputs = [...renditions.map(({ file }) => file), ...pictures];
  const marks = [
    '-vf',
    `scale=${GRID.columns}:${GRID.rows}:flags=area,format=gray`,
    '-fps_mode',
    'passthrough',
  ];
  const samples = ['-ac', '1', '-ar', String(LISTEN_RATE), '-f', 's16le'];
  const outputs = inputs.flatMap((file, index) => {
    const { name } = renditions[index] ?? {};
    if (name === 'audio') return ['-map', `${index}:a`, ...samples, `${file}.raw`];
    return ['-map', `${index}:v`, ...marks, '-f', 'rawvideo', `${file}.raw`];
  });
  const args = [
    '-v',
    'error',
    '-nostdin',
    '-threads',
    '1',
    ...inputs.flatMap((file) => ['-i', file]),
    ...outputs,
  ];
  const { stderr } = await promisify(execFile)('ffmpeg', args, {
    timeout: TIMEOUT_MS,
    maxBuffer: 16 * 1024 ** 2,
  });
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  return lines.slice(0, MAX_NAMED).join('; ').replaceAll(scratch, '');
}

function checkPictures(bytes: Buffer, clip: Clip, report: (what: string) => void): void {
  const count = bytes.length / MARK_BYTES;
  if (count !== clip.pictures) report(`${count} pictures instead of ${clip.pictures}`);
  const wrong: string[] = [];
  for (let picture = 0; picture < Math.min(count, clip.pictures); picture += 1) {
    const mark = readMark(bytes.subarray(picture * MARK_BYTES, (picture + 1) * MARK_BYTES));
    if (mark?.clip === clip.id && mark.picture === picture) continue;
    wrong.push(
      `${picture} shows ${mark === null ? 'no mark' : `picture ${mark.picture} of clip ${mark.clip}`}`,
    );
  }
  if (wrong.length > 0) report(`${wrong.length} wrong pictures: ${wrong.slice(0, MAX_NAMED).join(', ')}`);
}

function checkSound(bytes: Buffer, clip: Clip, report: (what: string) => void): void {
  const samples = new Int16Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.length / 2));
  const wrong: string[] = [];
  for (let half = 0; half < clip.halves; half += 1) {
    const heard = hearTone(samples, LISTEN_RATE, half);
    if (heard !== toneOf(clip.id, half))
      wrong.push(`${half / 2} s has tone ${heard}, not ${toneOf(clip.id, half)}`);
  }
  if (wrong.length > 0) report(`${wrong.length} wrong half seconds: ${wrong.slice(0, MAX_NAMED).join(', ')}`);
}
