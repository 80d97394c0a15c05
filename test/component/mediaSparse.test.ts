import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { encodeTasks, planVideo } from '@reelmill/server/plan/planVideo.ts';
import { runInspect } from '../../worker/src/inspect/runInspect.ts';
import { encodeLimitMs } from '../../worker/src/limits/timeLimits.ts';
import { withSource } from '../../worker/src/source/withSource.ts';
import { checkPictures, checkSound } from '../support/checkSlides.ts';
import { type MediaStore, startMediaStore } from '../support/mediaStore.ts';
import { makeSlides, type Slides } from '../support/slides.ts';
import { runSpec, type Transcoded, taskContext, transcode } from '../support/transcode.ts';

let media: MediaStore;
before(async () => {
  media = await startMediaStore();
});
after(() => media.close());

const every = (seconds: number, count: number): number[] =>
  Array.from({ length: count }, (_, n) => n * seconds);

/** A second at 60 fps, then pictures nearly ten minutes apart: 66 pictures in 50 minutes. */
const BURST_AND_PAUSES: Slides = {
  times: [...every(1 / 60, 60), ...every(590, 6).map((time) => time + 1)],
  endSeconds: 5 * 590 + 2,
  sound: false,
};

async function makeAndTranscode(name: string, slides: Slides): Promise<Transcoded> {
  const file = path.join(media.root, name);
  await makeSlides(file, slides);
  return transcode(media, file);
}

/** 400 pictures at 60 fps and then one every ten minutes: a few kilobytes that say to last half a day. */
const HOSTILE: Slides = {
  times: [...every(1 / 60, 400), ...every(590, 72).map((time) => time + 400 / 60)],
  endSeconds: 71 * 590 + 7,
  sound: false,
};

function justified({ times, endSeconds }: Slides): number {
  return 4 * times.length + 5 * endSeconds + 10_000;
}

const SLIDES: Record<string, Slides> = {
  'every-8s.mp4': { times: every(8, 9), endSeconds: 72 },
  'every-20s.mp4': { times: every(20, 6), endSeconds: 120 },
  'every-20s.mkv': { times: every(20, 6), endSeconds: 101 },
  'uneven.mp4': { times: [0, 12, 13.5, 47, 66, 67, 120.25, 121, 180], endSeconds: 195 },
  'ten-minutes-apart.mp4': { times: every(590, 3), endSeconds: 1190, sound: false },
  'film-with-still-ending.mp4': { times: [...every(1 / 30, 150)], endSeconds: 80 },
};

for (const [name, slides] of Object.entries(SLIDES)) {
  test(`${name}: every picture at its time, for the whole length, with its sound`, async () => {
    const transcoded = await makeAndTranscode(name, slides);
    assert.ok(transcoded.plan.totalFrames <= justified(slides));
    await checkPictures(media, transcoded, slides);
    if (slides.sound !== false) await checkSound(media, transcoded, slides);
  });
}

test('a burst and long pauses cost what their pictures justify, and come out whole', async () => {
  const transcoded = await makeAndTranscode('burst.mp4', BURST_AND_PAUSES);
  const { totalFrames } = transcoded.plan;
  assert.ok(totalFrames <= justified(BURST_AND_PAUSES), `${totalFrames} frames`);
  await checkPictures(media, transcoded, BURST_AND_PAUSES);
});

test('a few pictures half a day apart are neither days of frames nor days of time', async () => {
  const file = path.join(media.root, 'hostile.mp4');
  await makeSlides(file, HOSTILE);
  const source = await media.addSource(file);
  const inspected = await runSpec(media, { kind: 'inspect', source });
  assert.ok(inspected.kind === 'inspect');
  const { facts } = inspected;
  const { totalFrames, renditions, chunks } = planVideo(facts, { version: 1, chunkSeconds: 60 });
  assert.ok(Math.abs(facts.video.durationSeconds - HOSTILE.endSeconds) < 1);
  assert.ok(totalFrames <= justified(HOSTILE), `${totalFrames} frames`);
  const largest = Math.max(...chunks.map(({ frameCount }) => frameCount));
  assert.ok(encodeLimitMs({ frames: largest, source: facts.video, renditions }) < 30 * 60_000);
});

test('a large file is not known by its dense beginning, middle and end', async () => {
  // every sample is taken from pictures at 30 fps or from pauses, depending on where it falls: only a full scan is right
  const file = path.join(media.root, 'sampled.mp4');
  const slides = {
    times: [...every(1 / 30, 700), ...every(30, 100).map((time) => time + 700 / 30)],
    sound: false,
  };
  const endSeconds = (slides.times.at(-1) ?? 0) + 1 / 30;
  await makeSlides(file, { ...slides, endSeconds });
  const source = await media.addSource(file);
  const inspect = { kind: 'inspect', source } as const;
  const { facts } = await withSource(taskContext(media), source, (input, context) =>
    runInspect(inspect, input, context, { fullScanBytes: 0 }),
  );
  const frames = planVideo(facts, { version: 1, chunkSeconds: 60 }).totalFrames;
  assert.ok(frames <= justified({ ...slides, endSeconds }), `${frames} frames`);
});

test('a large picture that stands for hundreds of frames takes the memory of one', async () => {
  const file = path.join(media.root, 'still-ending.mp4');
  const picture = ['-f', 'lavfi', '-i', 'testsrc2=size=1920x1080:rate=30:duration=1'];
  const uneven = ['-vf', 'select=not(eq(n\\,5))', '-fps_mode', 'vfr'];
  const clock = ['-enc_time_base', '1/90000', '-video_track_timescale', '90000'];
  const still = [...clock, '-bsf:v', "setts=duration='if(eq(N,28),29/TB,DURATION)'"];
  const x264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];
  await promisify(execFile)('ffmpeg', ['-v', 'error', ...picture, ...uneven, ...x264, ...still, file]);
  const source = await media.addSource(file);
  const inspected = await runSpec(media, { kind: 'inspect', source });
  assert.ok(inspected.kind === 'inspect');
  const whole = planVideo(inspected.facts, { version: 1, chunkSeconds: 30, singleChunk: true });
  const plan = { ...whole, renditions: whole.renditions.filter(({ height }) => height === 720) };
  const [task] = encodeTasks(plan, source).filter(({ spec }) => spec.kind === 'encode');
  const result = await runSpec(media, task?.spec ?? assert.fail('no task'));
  assert.ok(result.kind === 'encode');
  assert.ok(result.frames > 29 * 30 && result.frames < 31 * 30);
});
