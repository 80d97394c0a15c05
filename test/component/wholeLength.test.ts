import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import type { NoticeCode } from '@reelmill/shared/contracts/notices.ts';
import { videoSegmentCount } from '@reelmill/shared/core/timeline.ts';
import { checkPictures, checkSound, type ExpectedSlides } from '../support/checkSlides.ts';
import { joinOutput } from '../support/joinedOutput.ts';
import { type MediaStore, startMediaStore } from '../support/mediaStore.ts';
import { lumaOfFrames, makeSlides, slideLuma, toneSource } from '../support/slides.ts';
import { runSpec, type Transcoded, transcode } from '../support/transcode.ts';

/*
 * How long a source is, and what of it is shown: by what is in it, not by what a part of it suggests. Every film has
 * pictures and tones that tell which one they are.
 */

let media: MediaStore;
before(async () => {
  media = await startMediaStore();
});
after(() => media.close());

const every = (seconds: number, count: number): number[] =>
  Array.from({ length: count }, (_, n) => n * seconds);
const film = (seconds: number): number[] => every(1 / 25, 25 * seconds);
const inFolder = (name: string): string => path.join(media.root, name);

async function ffmpeg(...args: string[]): Promise<void> {
  await promisify(execFile)('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...args]);
}

/** Codecs whose sound begins where the picture does, in containers without an edit list. */
const SOUND_OF: Record<string, string> = { ts: 'mp2', mkv: 'pcm_s16le', mov: 'pcm_s16le' };

/** A film whose picture is shorter than its sound; `copy` says how the two are put together. */
async function makeHeld(
  name: string,
  times: number[],
  soundSeconds: number,
  ...copy: string[]
): Promise<string> {
  const [picture, sound, file] = [inFolder(`p-${name}.mp4`), inFolder(`s-${name}.wav`), inFolder(name)];
  const endSeconds = (times.at(-1) ?? 0) + 1 / 25;
  const codec = SOUND_OF[name.split('.').at(-1) ?? ''] ?? 'aac';
  await makeSlides(picture, { times, endSeconds, sound: false });
  await ffmpeg('-f', 'lavfi', '-i', toneSource(soundSeconds), sound);
  await ffmpeg(
    '-i',
    picture,
    '-i',
    sound,
    '-map',
    '0:v',
    '-map',
    '1:a',
    '-c:v',
    'copy',
    '-c:a',
    codec,
    ...copy,
    file,
  );
  return file;
}

async function check(file: string, expected: ExpectedSlides, ...notices: NoticeCode[]): Promise<Transcoded> {
  const transcoded = await transcode(media, file, { chunkSeconds: 5 });
  await checkPictures(media, transcoded, expected);
  if (expected.sound !== false) await checkSound(media, transcoded, expected);
  assert.deepEqual(
    (transcoded.facts.notices ?? []).map(({ code }) => code),
    notices,
  );
  return transcoded;
}

test('an edit list that hides more than a thousand pictures', async () => {
  const whole = inFolder('untrimmed.mp4');
  await makeSlides(whole, { times: film(60), endSeconds: 60, keyframeEvery: 9999 });
  const file = inFolder('trimmed.mp4');
  await ffmpeg('-ss', '50', '-i', whole, '-c', 'copy', file);
  await check(file, { times: film(10), endSeconds: 10, firstPicture: 50 * 25, firstSecond: 50 });
});

for (const codec of [
  ['libx265', '-x265-params', 'log-level=error:keyint=300:min-keyint=300', '-preset', 'ultrafast'],
  ['mpeg4', '-q:v', '2', '-g', '300', '-sc_threshold', '1000000000'],
]) {
  test(`an edit list that hides the only keyframe, ${codec[0]}`, async () => {
    const [slides, whole] = [inFolder('slides.mp4'), inFolder(`${codec[0]}.mp4`)];
    await makeSlides(slides, { times: film(10), endSeconds: 10 });
    await ffmpeg('-i', slides, '-c:a', 'copy', '-c:v', ...codec, whole);
    const file = inFolder(`trimmed-${codec[0]}.mp4`);
    await ffmpeg('-ss', '3', '-i', whole, '-c', 'copy', file);
    await check(file, { times: film(7), endSeconds: 7, firstPicture: 3 * 25, firstSecond: 3 });
  });
}

for (const missing of [9, 96]) {
  test(`a broadcast that begins ${100 - missing} pictures before a keyframe begins with that, and says so`, async () => {
    const whole = inFolder(`broadcast-${missing}.ts`);
    await makeSlides(whole, { times: film(14), endSeconds: 14, keyframeEvery: 100 });
    const what = ['-select_streams', 'v', '-show_entries', 'packet=pts_time,pos', '-of', 'csv=p=0'];
    const { stdout } = await promisify(execFile)('ffprobe', ['-v', 'error', ...what, whole]);
    const at = Number(stdout.split('\n').filter(Boolean)[missing]?.split(',')[1]);
    const file = inFolder(`cut-broadcast-${missing}.ts`);
    await writeFile(file, (await readFile(whole)).subarray(at));
    const expected = { times: film(10), endSeconds: 10, firstPicture: 100, firstSecond: 4 };
    const { facts } = await check(file, expected, 'beginning_left_out');
    const [notice] = facts.notices ?? [];
    const seconds = (100 - missing) / 25;
    assert.ok(notice?.code === 'beginning_left_out' && Math.abs(notice.seconds - seconds) < 0.3);
  });
}

for (const [name, ...copy] of [
  ['held.ts'],
  ['held.mkv'],
  ['held.mp4'],
  ['held-fragmented.mov', '-movflags', '+frag_keyframe'],
] as const) {
  test(`${name}: the last picture stands for as long as there is sound`, async () => {
    const file = await makeHeld(name, film(3), 12, ...copy);
    const { facts } = await check(file, { times: film(3), endSeconds: 12 }, 'picture_held');
    const [notice] = facts.notices ?? [];
    assert.ok(notice?.code === 'picture_held' && Math.abs(notice.seconds - 9) < 0.2);
  });
}

test('a picture whose chunks are read one by one is held at the end of the last one', async () => {
  const file = await makeHeld('long-held.mp4', film(17), 28);
  const { plan } = await check(file, { times: film(17), endSeconds: 28 }, 'picture_held');
  assert.ok(plan.chunks.length > 1);
});

for (const name of ['one-picture.mp4', 'one-picture.ts', 'one-picture.mkv']) {
  test(`${name}: one picture stands for all the sound`, async () => {
    const file = await makeHeld(name, [0], 12);
    await check(file, { times: [0], endSeconds: 12 }, 'picture_held');
  });
}

test('slides far apart whose pixel format the container does not tell', async () => {
  const file = inFolder('slides-20s.mkv');
  await makeSlides(file, { times: every(20, 4), endSeconds: 80 });
  await check(file, { times: every(20, 4), endSeconds: 80 });
});

test('slides more than ten minutes apart, with sound in between and without any', async () => {
  const times = [0, 700, 719];
  const file = inFolder('slides-700s.mkv');
  await makeSlides(file, { times, endSeconds: 720 });
  const { plan } = await check(file, { times, endSeconds: 720 });
  assert.ok(plan.totalFrames <= 721 * 5);
  const silent = inFolder('silent-700s.mp4');
  await makeSlides(silent, { times, endSeconds: 720, sound: false });
  const source = await media.addSource(silent);
  const inspected = await runSpec(media, { kind: 'inspect', source });
  assert.ok(inspected.kind === 'inspect' && Math.abs(inspected.facts.durationSeconds - 720) < 0.1);
});

for (const container of ['mov', 'mkv']) {
  test(`a still that comes first and is the default track gives way to what moves (${container})`, async () => {
    const moving = await makeHeld(`moving.${container}`, film(4), 4);
    const [still, file] = [inFolder('still.mov'), inFolder(`still-first.${container}`)];
    const white = ['-f', 'lavfi', '-i', 'color=white:size=480x480:rate=25', '-frames:v', '1'];
    await ffmpeg(...white, '-c:v', 'mjpeg', '-pix_fmt', 'yuvj420p', still);
    const both = ['-i', still, '-i', moving, '-map', '0:v', '-map', '1:v', '-map', '1:a', '-c', 'copy'];
    await ffmpeg(...both, '-disposition:v:0', 'default', '-disposition:v:1', '0', file);
    await check(file, { times: film(4), endSeconds: 4 });
  });
}

test('of two films in one file the default one is shown, and the other one is not kept quiet', async () => {
  const small = await makeHeld('first.mkv', film(4), 4);
  const other = inFolder('second.mp4');
  await ffmpeg('-f', 'lavfi', '-i', 'color=white:size=64x64:rate=25:duration=4', other);
  const file = inFolder('two-films.mkv');
  const disposition = ['-disposition:v:0', '0', '-disposition:v:1', 'default'];
  await ffmpeg('-i', other, '-i', small, '-map', '0', '-map', '1', '-c', 'copy', ...disposition, file);
  await check(file, { times: film(4), endSeconds: 4 }, 'video_tracks_left_out');
});

test('a clock that jumps by two minutes in picture and sound leaves no hole', async () => {
  const parts = ['before.ts', 'behind.ts'].map(inFolder);
  const whole = inFolder('jumpless.ts');
  await makeSlides(whole, { times: film(12), endSeconds: 12, keyframeEvery: 25 });
  await ffmpeg('-i', whole, '-t', '6', '-c', 'copy', parts[0] ?? '');
  await ffmpeg('-ss', '6', '-i', whole, '-c', 'copy', '-output_ts_offset', '126', parts[1] ?? '');
  const file = inFolder('jump.ts');
  await writeFile(file, Buffer.concat(await Promise.all(parts.map((part) => readFile(part)))));
  const transcoded = await transcode(media, file);
  const { plan, facts } = transcoded;
  assert.ok(Math.abs(facts.durationSeconds - 12) < 0.3, `${facts.durationSeconds} s`);
  assert.deepEqual([plan.chunks.length, facts.notices], [1, [{ code: 'times_repaired' }]]);
  await checkSound(media, transcoded, { times: [], endSeconds: facts.durationSeconds });
});

test('one picture with a wrong time is left out, and nothing stands still for it', async () => {
  const whole = inFolder('right-times.mp4');
  await makeSlides(whole, { times: film(12), endSeconds: 12, sound: false });
  const file = inFolder('wrong-time.ts');
  await ffmpeg('-i', whole, '-c', 'copy', '-bsf:v', "setts=pts='if(eq(N,100),PTS+5.02/TB,PTS)'", file);
  const { facts, plan } = await transcode(media, file);
  assert.deepEqual([facts.notices, facts.video.strayTimes?.length], [[{ code: 'times_repaired' }], 1]);
  const [rendition] = plan.renditions;
  const joined = await joinOutput(media, rendition?.quality ?? '', videoSegmentCount(plan));
  const lumas = await lumaOfFrames(joined.file);
  // the picture before it stands for it
  film(12).forEach((_, n) => {
    const [luma, expected] = [lumas[n] ?? 0, slideLuma(n === 100 ? 99 : n)];
    assert.ok(Math.abs(luma - expected) <= 2 || n === 299, `frame ${n} has luma ${luma}, not ${expected}`);
  });
});
