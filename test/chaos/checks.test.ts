import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { copyFile, mkdir, readFile, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/processes.ts';
import { checkContent } from './checkContent.ts';
import { type Clip, makeClips } from './clips.ts';
import { drawMark, readMark } from './marks.ts';
import { createRandom } from './random.ts';

const FOLDER = 'processed/1';
const run = promisify(execFile);

let folder: TemporaryFolder;
let clip: Clip;
let other: Clip;
let published = 0;

before(async () => {
  folder = await makeTemporaryFolder('chaos-checks');
  const clips = await makeClips(4);
  [clip, other] = [clips[0], clips[3]].map((one) => one ?? assert.fail('no clip')) as [Clip, Clip]; // as many as were asked for
});
after(async () => {
  await folder.remove();
});

/** Publishes films as a folder of objects; `sound` is the film that is heard. */
async function publish(film: Clip, sound = film): Promise<string> {
  published += 1;
  const root = path.join(folder.path, `store-${published}`);
  const rendition = async (name: string, file: string, map: string): Promise<void> => {
    const target = path.join(root, FOLDER, `hls_${name}`);
    await mkdir(target, { recursive: true });
    const segments = [
      '-f',
      'hls',
      '-hls_segment_type',
      'fmp4',
      '-hls_time',
      '1',
      '-hls_playlist_type',
      'vod',
    ];
    const args = ['-v', 'error', '-i', file, '-map', map, '-c', 'copy', ...segments, `${name}.m3u8`];
    await run('ffmpeg', args, { cwd: target });
  };
  await rendition('240p', film.file, '0:v');
  await rendition('audio', sound.file, '0:a');
  const at = (name: string): string => path.join(root, FOLDER, name);
  await writeFile(
    at('master.m3u8'),
    '#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="a",URI="hls_audio/audio.m3u8"\n#EXT-X-STREAM-INF:BANDWIDTH=1\nhls_240p/240p.m3u8\n',
  );
  await run('ffmpeg', ['-v', 'error', '-i', film.file, '-frames:v', '1', at('cover.jpg')]);
  await copyFile(at('cover.jpg'), at('storyboard.jpg'));
  await writeFile(
    at('storyboard.vtt'),
    'WEBVTT\n\n00:00.000 --> 00:01.000\nstoryboard.jpg#xywh=0,0,160,90\n',
  );
  return root;
}

/** The checks that a published film does not pass, taken for the clip. */
async function findViolations(root: string, played = new Map<string, string>()): Promise<string[]> {
  const found = new Set<string>();
  const store = { get: async (key: string) => createReadStream(path.join(root, key)) };
  const images = { coverKey: `${FOLDER}/cover.jpg`, storyboardKey: `${FOLDER}/storyboard.vtt` };
  await checkContent(
    { store, folder: folder.path, played, report: (check) => found.add(check) },
    { id: 1, objectFolder: null, ...images },
    clip,
  );
  return [...found].sort();
}

test('finds nothing wrong with a video that is its clip', async () => {
  assert.deepEqual(await findViolations(await publish(clip)), []);
});

test('finds the pictures of another clip, and its sound', async () => {
  assert.deepEqual(await findViolations(await publish(other, clip)), ['picture']);
  assert.deepEqual(await findViolations(await publish(clip, other)), ['sound']);
});

test('finds a segment that was cut', async () => {
  const root = await publish(clip);
  const segment = path.join(root, FOLDER, 'hls_240p', '240p1.m4s');
  await truncate(segment, Math.floor((await readFile(segment)).length / 2));
  assert.ok((await findViolations(root)).includes('picture'));
});

test('finds a segment in the place of another', async () => {
  const root = await publish(clip);
  const at = (name: string): string => path.join(root, FOLDER, 'hls_240p', name);
  await copyFile(at('240p0.m4s'), at('240p1.m4s'));
  assert.ok((await findViolations(root)).includes('picture'));
});

test('finds sound that ends early', async () => {
  const root = await publish(clip);
  const playlist = path.join(root, FOLDER, 'hls_audio/audio.m3u8');
  const text = await readFile(playlist, 'utf8');
  await writeFile(playlist, text.replace(/#EXTINF:[^\n]*\naudio1\.m4s\n/, ''));
  assert.deepEqual(await findViolations(root), ['sound']);
});

test('finds a segment that is not what was played', async () => {
  const key = `${FOLDER}/hls_240p/240p0.m4s`;
  const played = new Map([[key, 'another SHA-256']]);
  assert.deepEqual(await findViolations(await publish(clip), played), ['changed after it was played']);
});

test('reads what it draws, and no mark where a block has changed', () => {
  const mark = drawMark(21, 1234);
  assert.deepEqual(readMark(mark), { clip: 21, picture: 1234 });
  for (const block of mark.keys()) {
    const changed = Buffer.from(mark);
    changed[block] = 255 - (mark[block] ?? 0);
    assert.equal(readMark(changed), null, `block ${block}`);
  }
});

test('draws the same from the same seed, whatever other parts have drawn', () => {
  const draw = (random: ReturnType<typeof createRandom>): number[] =>
    [...Array(5)].map(() => random.between(0, 1e6));
  const first = createRandom(7);
  first.next();
  assert.deepEqual(draw(first.fork('load')), draw(createRandom(7).fork('load')));
  assert.notDeepEqual(draw(createRandom(7)), draw(createRandom(8)));
});
