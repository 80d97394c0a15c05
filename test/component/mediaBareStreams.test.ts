import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { planVideo } from '@reelmill/server/plan/planVideo.ts';
import type { Chunk } from '@reelmill/shared/contracts/media.ts';
import type { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { chunkInputArgs } from '../../worker/src/encode/encodeArgs.ts';
import { timingFilters } from '../../worker/src/pictures/filterGraph.ts';
import { joinOutput } from '../support/joinedOutput.ts';
import { type MediaStore, startMediaStore } from '../support/mediaStore.ts';
import { MARKED_RATE, markedPictures, markOf } from '../support/pictureSources.ts';
import { makeSource, publishedPictures } from '../support/pictures.ts';
import { tonesOf } from '../support/slides.ts';
import { runSpec, transcode } from '../support/transcode.ts';

const run = promisify(execFile);

let media: MediaStore;
before(async () => {
  media = await startMediaStore();
});
after(() => media.close());

/** Every frame of PAL has this size. */
const DV_FRAME_BYTES = 144_000;

/** Some two seconds of PAL, every field with a brightness of its own. */
async function makeTape(): Promise<string> {
  const fields =
    "color=s=16x16:r=50,format=yuv420p,geq=lum='40+mod(67*N,180)':cb=128:cr=128,scale=720:576,interlace=scan=bff";
  return makeSource(
    media.root,
    'tape.dv',
    ...['-f', 'lavfi', '-i', `${fields},setsar=16/15`, '-f', 'lavfi', '-i', 'sine=f=600:r=48000:d=2.4'],
    ...['-ac', '2', '-frames:v', '50', '-c:v', 'dvvideo', '-flags', '+ildct+ilme'],
  );
}

const FILM = { width: 160, height: 120, pictures: 40 };
const BARE: Record<string, string[]> = {
  'film.h264': ['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2', '-g', '15', '-crf', '10'],
  'film.hevc': ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=error', '-crf', '10'],
};

for (const [name, codec] of Object.entries(BARE)) {
  test(`${name}: pictures that have no times come one after the other at the rate of the stream`, async () => {
    const made = await transcode(
      media,
      await makeSource(media.root, name, ...markedPictures(FILM), ...codec),
    );
    assert.deepEqual(made.facts.video.outputFrameRate, { num: MARKED_RATE, den: 1 });
    assert.equal(made.plan.totalFrames, 40);
    assert.equal(made.facts.seekable, false);
    const pictures = await publishedPictures(media, made);
    assert.equal(pictures.count, 40);
    for (let n = 0; n < 40; n++) {
      const mark = (pictures.at(n, 0.5, 0.5)[1] * 219) / 255 + 16;
      assert.ok(Math.abs(mark - markOf(n)) <= 5, `picture ${n} has luma ${mark}, not ${markOf(n)}`);
    }
  });
}

test('MPEG-2 whose first picture is shown later than it is decoded begins with it', async () => {
  const bars = [
    '-f',
    'lavfi',
    '-i',
    "color=s=160x120:r=25:d=2,format=yuv420p,geq=lum='40+mod(37*N,180)':cb=128:cr=128",
  ];
  const mpeg2 = ['-c:v', 'mpeg2video', '-bf', '2', '-q:v', '2'];
  const made = await transcode(media, await makeSource(media.root, 'film.m2v', ...bars, ...mpeg2));
  const pictures = await publishedPictures(media, made);
  assert.equal(pictures.count, 50);
  for (let n = 0; n < 50; n++) {
    const mark = (pictures.at(n, 0.5, 0.5)[1] * 219) / 255 + 16;
    assert.ok(Math.abs(mark - markOf(n)) <= 6, `picture ${n} has luma ${mark}, not ${markOf(n)}`);
  }
});

test('DV as it comes from a tape is deinterlaced, and heard', async () => {
  const tape = await makeTape();
  const made = await transcode(media, tape);
  assert.deepEqual([made.facts.demuxer, made.facts.seekable], ['dv', true]);
  assert.deepEqual([made.facts.video.displayWidth, made.facts.video.displayHeight], [768, 576]);
  const pictures = await publishedPictures(media, made);
  assert.equal(pictures.count, (await stat(tape)).size / DV_FRAME_BYTES);
  for (const n of [5, 25, 40]) {
    const levels = Array.from({ length: 40 }, (_, row) => pictures.at(n, 0.5, (row + 100.5) / 480)[1]);
    const comb = Math.max(...levels.slice(1).map((level, row) => Math.abs(level - (levels[row] ?? 0))));
    assert.ok(comb < 40, `neighbouring rows of picture ${n} differ by ${comb}`);
  }
  const sound = await joinOutput(media, 'audio', made.audio?.segments.length ?? 0);
  assert.equal(sound.channels, 2);
  const [hertz = 0] = await tonesOf(sound.file);
  assert.ok(Math.abs(hertz - 600) < 10, `${hertz} Hz`);
});

test('DV is decoded from the middle as from its beginning', async () => {
  const source = await media.addSource(await makeTape());
  const inspected = await runSpec(media, { kind: 'inspect', source });
  assert.ok(inspected.kind === 'inspect');
  const plan = planVideo(inspected.facts, { version: 1, chunkSeconds: 30 });
  const [whole] = plan.chunks;
  assert.ok(whole);
  const url = await media.store.signGet(source.key, { audience: 'internal', expiresSeconds: 600 });
  const sums = async (chunk: Chunk): Promise<string[]> => {
    const { stdout } = await run('ffmpeg', [
      ...[
        '-v',
        'error',
        '-nostdin',
        ...chunkInputArgs({ url, plan, chunk, threads: 2, preRoll: chunk.firstFrame === 0 ? null : 0 }),
      ],
      ...['-map', '0:0', '-vf', timingFilters(plan.facts, chunk).join(',')],
      ...['-frames:v', String(chunk.frameCount), '-fps_mode', 'passthrough', '-f', 'framemd5', '-'],
    ]);
    return stdout.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  };
  const all = await sums(whole);
  assert.equal(new Set(all).size, source.sizeBytes / DV_FRAME_BYTES);
  assert.deepEqual(await sums({ ...whole, firstFrame: 27, frameCount: 10 }), all.slice(27, 37));
});

test('a row of JPEG pictures is refused with the reason', async () => {
  const file = await makeSource(media.root, 'row.mjpeg', '-f', 'lavfi', '-i', 'testsrc2=s=64x64:d=1');
  const source = await media.addSource(file);
  await assert.rejects(runSpec(media, { kind: 'inspect', source }), (error: ReelmillError) => {
    assert.deepEqual([error.code, error.retryable], ['not_a_video', false]);
    assert.match(error.message, /without a frame rate/);
    return true;
  });
});
