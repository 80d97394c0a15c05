import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { objectKeys } from '@reelmill/shared/core/objectKeys.ts';
import { plannedDurationSeconds } from '@reelmill/shared/core/timeline.ts';
import { checkPictures, checkSound, type ExpectedSlides } from '../support/checkSlides.ts';
import { type MediaStore, startMediaStore } from '../support/mediaStore.ts';
import { makeSlides, slideLuma } from '../support/slides.ts';
import { runSpec, type Transcoded, transcode } from '../support/transcode.ts';

/*
 * Films that were trimmed without being encoded again: what was there before is still in the file, as far as the keyframe
 * before, and an edit list hides it.
 */

const LUMA_TOLERANCE = 4;
const GREY_LUMA = 126;

let media: MediaStore;
before(async () => {
  media = await startMediaStore();
});
after(() => media.close());

const inFolder = (name: string): string => path.join(media.root, name);

async function ffmpeg(...args: string[]): Promise<Buffer> {
  const options = { encoding: 'buffer', maxBuffer: 16 * 1024 * 1024 } as const;
  return (await promisify(execFile)('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...args], options)).stdout;
}

async function trim(whole: string, seconds: number, ...options: string[]): Promise<string> {
  const file = `${whole}-from-${seconds}.mp4`;
  await ffmpeg('-ss', String(seconds), '-i', whole, '-c', 'copy', ...options, file);
  return file;
}

/** The mean luma of each tile of a JPEG, with the range of a film's. */
async function lumaOfTiles(key: string, columns: number, rows: number): Promise<number[]> {
  const file = inFolder('tiles.jpg');
  await writeFile(file, await media.store.get(key));
  const means = ['-vf', `scale=${columns}:${rows}:flags=area,format=gray`];
  const grey = await ffmpeg('-i', file, ...means, '-f', 'rawvideo', '-');
  return [...grey].map((value) => 16 + (value * 219) / 255);
}

/** Cover and storyboard show what is shown, and nothing that is hidden. */
async function checkImages(
  { plan, results }: Transcoded,
  { times, firstPicture = 0 }: ExpectedSlides,
): Promise<void> {
  const images = results.find(({ kind }) => kind === 'images');
  assert.ok(images?.kind === 'images' && images.storyboardKey !== null);
  const lumas = times.map((_, n) => slideLuma(firstPicture + n));
  const [cover = 0] = await lumaOfTiles(images.coverKey, 1, 1);
  const isShown = lumas.some((luma) => Math.abs(luma - cover) <= LUMA_TOLERANCE);
  assert.ok(isShown, `the cover has luma ${cover}`);
  const { columns, rows, count, intervalSeconds } = plan.storyboard;
  const tiles = await lumaOfTiles(objectKeys.storyboardSprite(images.storyboardKey), columns, rows);
  for (const [tile, luma] of tiles.slice(0, count).entries()) {
    const expected = lumas[times.findLastIndex((time) => time <= tile * intervalSeconds)] ?? Number.NaN;
    assert.ok(Math.abs(luma - expected) <= LUMA_TOLERANCE, `tile ${tile} has luma ${luma}, not ${expected}`);
  }
}

const RECORDING = { times: [0, 1.4, 2.2, 4.6, 6], endSeconds: 8 };
/** Of the recording from its third second on. */
const SHOWN = { times: [0, 1.6, 3], endSeconds: 5, firstPicture: 2, firstSecond: 3 };
const B_FRAMES = ['-c:v', 'libx264', '-bf', '2', '-x264-params', 'scenecut=0'];
const HEVC = ['-c:v', 'libx265', '-x265-params', 'log-level=error:keyint=300', '-preset', 'ultrafast'];

const RECORDINGS: Record<string, { sound?: boolean; keyframeEvery?: number; codec?: string[] }> = {
  'one group of pictures': {},
  'nothing but keyframes': { keyframeEvery: 1 },
  'without sound': { sound: false },
  'with reordered pictures': { codec: B_FRAMES },
  HEVC: { codec: HEVC },
};

for (const [name, { codec, ...slides }] of Object.entries(RECORDINGS)) {
  test(`a cut between pictures that are far apart begins with the one that is on, ${name}`, async () => {
    const whole = inFolder(`${name}.mp4`);
    await makeSlides(whole, { ...RECORDING, ...slides });
    const encoded = codec ? inFolder(`${name}-encoded.mp4`) : whole;
    const clock = ['-enc_time_base', '1/90000', '-video_track_timescale', '90000'];
    if (codec)
      await ffmpeg('-i', whole, '-c:a', 'copy', ...codec, '-fps_mode', 'passthrough', ...clock, encoded);
    const transcoded = await transcode(media, await trim(encoded, 3), { chunkSeconds: 1 });
    // an encoder that reorders pictures does not know how long the last one stands
    const endSeconds = codec ? plannedDurationSeconds(transcoded.plan) : SHOWN.endSeconds;
    assert.ok(endSeconds > 3 && endSeconds < SHOWN.endSeconds + 0.25, `${endSeconds} s`);
    await checkPictures(media, transcoded, { ...SHOWN, endSeconds });
    if (slides.sound !== false) await checkSound(media, transcoded, { ...SHOWN, endSeconds });
    await checkImages(transcoded, SHOWN);
  });
}

test('a cut among reordered pictures loses none of those behind it', async () => {
  const film = Array.from({ length: 72 }, (_, n) => n / 24);
  const [slides, whole] = [inFolder('reordered-slides.mp4'), inFolder('reordered.mp4')];
  await makeSlides(slides, { times: film, endSeconds: 3 });
  const pictures = ['-bf', '4', '-g', '10', '-x264-params', 'scenecut=0:b-adapt=0:b-pyramid=none'];
  await ffmpeg('-i', slides, '-c:a', 'copy', '-c:v', 'libx264', ...pictures, whole);
  // each hides another number of the packets of a group, in which the ninth is shown before the seventh
  for (const picture of [16, 17]) {
    const source = await media.addSource(await trim(whole, picture / 24));
    const inspected = await runSpec(media, { kind: 'inspect', source });
    assert.ok(inspected.kind === 'inspect');
    const { video, audio } = inspected.facts;
    assert.ok(Math.abs(video.startSeconds) < 0.01, `${picture}: ${video.startSeconds} s`);
    assert.ok(Math.abs((audio?.startSeconds ?? Number.NaN) - video.startSeconds) < 0.02);
  }
});

test('a cut into the only picture shows that for the rest of its time', async () => {
  const whole = inFolder('one-picture.mp4');
  await makeSlides(whole, { times: [0], endSeconds: 6 });
  const transcoded = await transcode(media, await trim(whole, 2));
  const shown = { times: [0], endSeconds: 4, firstSecond: 2 };
  await checkPictures(media, transcoded, shown);
  await checkSound(media, transcoded, shown);
});

for (const codec of [HEVC, ['-c:v', 'mpeg4', '-q:v', '2', '-g', '300', '-sc_threshold', '1000000000']]) {
  test(`a film whose only keyframe is hidden has a cover of its pictures, and not the first at any rate, ${codec[1]}`, async () => {
    const film = Array.from({ length: 250 }, (_, n) => n / 25);
    const [slides, whole] = [inFolder('film.mp4'), inFolder(`film-${codec[1]}.mp4`)];
    await makeSlides(slides, { times: film, endSeconds: 10, sound: false });
    // black, then grey, from the cut on
    const boxes = { black: 'between(t,3,3.2)', gray: 'between(t,3.2,6)' };
    const drawn = Object.entries(boxes).map(
      ([color, when]) => `drawbox=t=fill:color=${color}:enable='${when}'`,
    );
    await ffmpeg('-i', slides, '-vf', drawn.join(), ...codec, whole);
    const { results, plan } = await transcode(media, await trim(whole, 3));
    const images = results.find(({ kind }) => kind === 'images');
    assert.ok(images?.kind === 'images' && images.storyboardKey !== null);
    const [cover = 0] = await lumaOfTiles(images.coverKey, 1, 1);
    assert.ok(Math.abs(cover - GREY_LUMA) <= LUMA_TOLERANCE, `the cover has luma ${cover}`);
    const { columns, rows } = plan.storyboard;
    const tiles = await lumaOfTiles(objectKeys.storyboardSprite(images.storyboardKey), columns, rows);
    for (const [second, expected] of [
      [1, GREY_LUMA],
      [2, GREY_LUMA],
      [6, slideLuma(225)],
    ] as const) {
      const luma = tiles[second] ?? Number.NaN;
      assert.ok(Math.abs(luma - expected) <= LUMA_TOLERANCE, `tile ${second}: ${luma}, not ${expected}`);
    }
  });
}
