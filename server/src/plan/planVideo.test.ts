import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodePlanSchema, type MediaFacts } from '@reelmill/shared/contracts/media.ts';
import { taskSpecSchema } from '@reelmill/shared/contracts/tasks.ts';
import {
  audioSegmentSeconds,
  maxAudioSegments,
  originSeconds,
  plannedDurationSeconds,
  videoSegmentCount,
  videoSegmentSeconds,
} from '@reelmill/shared/core/timeline.ts';
import { makeMediaFacts } from '../../../test/support/mediaFacts.ts';
import { planChunks, segmentFramesFor } from './chunkPlan.ts';
import { buildLadder, previewQuality } from './ladder.ts';
import { encodeTasks, planVideo } from './planVideo.ts';

function factsOf(video: Partial<MediaFacts['video']> = {}, rest: Partial<MediaFacts> = {}): MediaFacts {
  const size = { codedWidth: 1920, codedHeight: 1080, displayWidth: 1920, displayHeight: 1080 };
  const durationSeconds = video.durationSeconds ?? 180;
  return makeMediaFacts({ durationSeconds, ...rest, video: { ...size, ...video } });
}

const sizes = (displayWidth: number, displayHeight: number) =>
  buildLadder(factsOf({ displayWidth, displayHeight })).map((r) => `${r.quality} ${r.width}x${r.height}`);

test('the ladder goes by the short side and never enlarges', () => {
  assert.deepEqual(sizes(1920, 1080), [
    '1080p 1920x1080',
    '720p 1280x720',
    '480p 854x480',
    '360p 640x360',
    '240p 426x240',
  ]);
  assert.deepEqual(sizes(1080, 1920).slice(0, 2), ['1080p 1080x1920', '720p 720x1280']);
  assert.deepEqual(sizes(720, 404), ['360p 642x360', '240p 428x240']);
});

test('a source a little under a rung keeps its size under the name of the rung', () => {
  assert.deepEqual(sizes(640, 356), ['360p 640x356', '240p 432x240']);
  assert.equal(sizes(3026, 1386)[0], '1440p 3026x1386');
});

test('a source under the smallest rung is one rendition of its own even size', () => {
  assert.deepEqual(sizes(160, 120), ['240p 160x120']);
  assert.deepEqual(sizes(161, 121), ['240p 160x120']);
});

test('high frame rates get more bits', () => {
  const rate = (num: number) => buildLadder(factsOf({ outputFrameRate: { num, den: 1 } }))[0]?.maxrate;
  assert.deepEqual([rate(30), rate(60)], [5_000_000, 7_000_000]);
});

test('the preview is about 360p, or the largest rendition below it', () => {
  assert.equal(previewQuality(buildLadder(factsOf())), '360p');
  assert.equal(previewQuality(buildLadder(factsOf({ displayWidth: 320, displayHeight: 240 }))), '240p');
});

test('segments are five seconds of whole frames', () => {
  const frames = (num: number, den: number) => segmentFramesFor({ num, den });
  assert.deepEqual(
    [frames(30, 1), frames(30_000, 1_001), frames(24_000, 1_001), frames(60, 1), frames(15_000, 1_001)],
    [150, 150, 120, 300, 75],
  );
  assert.deepEqual([frames(722, 100), frames(1, 10)], [36, 1]);
});

test('chunks cover every segment once, begin with one segment and get shorter towards the end', () => {
  const totals = [1, 150, 151, 450, 451, 600, 5_400, 5_401, 54_000, 324_000];
  for (const [totalFrames, workers] of totals.flatMap((total) => [1, 2, 7].map((n) => [total, n] as const))) {
    const chunks = planChunks({
      totalFrames,
      segmentFrames: 150,
      frameRate: { num: 30, den: 1 },
      chunkSeconds: 30,
      workers,
      whole: false,
    });
    let segment = 0;
    for (const [index, chunk] of chunks.entries()) {
      assert.deepEqual([chunk.index, chunk.firstSegment, chunk.firstFrame], [index, segment, segment * 150]);
      assert.equal(chunk.last, index === chunks.length - 1);
      if (!chunk.last) assert.equal(chunk.frameCount, chunk.segmentCount * 150);
      segment += chunk.segmentCount;
    }
    assert.equal(segment, Math.ceil(totalFrames / 150));
    assert.equal(
      chunks.reduce((sum, chunk) => sum + chunk.frameCount, 0),
      totalFrames,
    );
    if (chunks.length > 1) {
      assert.equal(chunks[0]?.segmentCount, 1);
      assert.ok(
        (chunks.at(-1)?.segmentCount ?? 0) >= 2,
        `${totalFrames} frames end in a chunk of one segment`,
      );
    }
  }
  const lengths = (chunkSeconds: number, workers: number) =>
    planVideo(factsOf(), { version: 1, chunkSeconds, workers }).chunks.map((chunk) => chunk.segmentCount);
  assert.deepEqual(lengths(30, 2), [1, 6, 6, 6, 5, 3, 3, 2, 1, 1, 2]);
  assert.deepEqual(lengths(60, 1), [1, 12, 12, 11]);
});

test('a source that is not seekable is one chunk', () => {
  const chunks = (facts: MediaFacts, singleChunk: boolean) =>
    planVideo(facts, { version: 1, chunkSeconds: 30, singleChunk }).chunks;
  assert.equal(chunks(factsOf({}, { seekable: false }), false).length, 1);
  assert.equal(chunks(factsOf(), true).length, 1);
});

test('the origin is the first picture unless the audio begins clearly earlier', () => {
  const origin = (videoStart: number, audioStart: number) => {
    const facts = factsOf({ startSeconds: videoStart });
    return originSeconds({ ...facts, audio: facts.audio && { ...facts.audio, startSeconds: audioStart } });
  };
  assert.equal(origin(1, 0), 0);
  assert.equal(origin(0.042, 0.016), 0.042);
  assert.equal(origin(0, 1.5), 0);
  // whole frames, never later than the audio
  assert.ok(Math.abs(origin(1.01, 0) - (1.01 - 31 / 30)) < 1e-9);
  assert.equal(origin(75_790, 70_890), 75_790);
});

test('a first picture that is held counts as frames', () => {
  const facts = factsOf({ startSeconds: 1, durationSeconds: 9 });
  assert.equal(planVideo(facts, { version: 1, chunkSeconds: 30 }).totalFrames, 300);
});

test('lengths of segments follow from the plan', () => {
  const rate = { num: 30_000, den: 1_001 };
  const plan = planVideo(factsOf({ outputFrameRate: rate }), { version: 1, chunkSeconds: 30 });
  assert.equal(videoSegmentSeconds(plan, 0), 5.005);
  const count = 35;
  let audio = 0;
  for (let index = 0; index < count; index++) audio += audioSegmentSeconds(plan, index);
  assert.ok(audio >= count * 5.005 && audio < count * 5.005 + 1024 / 48_000, `${audio}`);
  assert.ok(Math.abs(plannedDurationSeconds(plan) - 180) < 1001 / 30_000);
});

test('a last segment that is too short joins the one before, only in new plans', () => {
  const planOf = (frames: number, num = 25, den = 1) =>
    planVideo(factsOf({ outputFrameRate: { num, den }, durationSeconds: (frames * den) / num }), {
      version: 1,
      chunkSeconds: 30,
    });
  const lengthsOf = (plan: Parameters<typeof videoSegmentCount>[0]) =>
    Array.from({ length: videoSegmentCount(plan) }, (_, index) =>
      Number(videoSegmentSeconds(plan, index).toFixed(3)),
    );
  assert.deepEqual(lengthsOf(planOf(251)), [5, 5.04]);
  assert.deepEqual(lengthsOf(planOf(261)), [5, 5.44]);
  assert.deepEqual(lengthsOf(planOf(262)), [5, 5, 0.48]);
  assert.deepEqual(lengthsOf(planOf(250)), [5, 5]);
  assert.deepEqual(lengthsOf(planOf(126)), [5.04]);
  assert.deepEqual(lengthsOf(planOf(1)), [0.04], 'there is none before');
  assert.deepEqual(lengthsOf(planOf(163, 30_000, 1_001)), [5.439]);
  assert.deepEqual(lengthsOf(planOf(6, 1)), [5, 1], 'one picture at a low rate is long enough');
  const { minSegmentSeconds: _, ...old } = planOf(251);
  assert.deepEqual(lengthsOf(encodePlanSchema.parse(old)), [5, 5, 0.04]);
  for (const plan of [old, planOf(251)]) assert.equal(maxAudioSegments(plan), 5);
});

test('tasks are ordered: preview, audio, rest of the first chunk, images, chunks', () => {
  const plan = encodePlanSchema.parse(planVideo(factsOf(), { version: 3, chunkSeconds: 30 }));
  const tasks = encodeTasks(plan, { key: 'raw/1/a.mp4', sizeBytes: 10 });
  const names = tasks.map(({ spec }) =>
    spec.kind === 'encode' ? `${spec.chunk.index}:${spec.qualities.join('+')}` : spec.kind,
  );
  assert.deepEqual(names.slice(0, 5), [
    '0:360p',
    'audio',
    '0:1080p+720p+480p+240p',
    'images',
    '1:1080p+720p+480p+360p+240p',
  ]);
  assert.deepEqual(
    tasks.map((task) => task.position),
    tasks.map((_, index) => index + 1),
  );
  for (const task of tasks) taskSpecSchema.parse(task.spec);
});

test('no chunk is ordered after a shorter one, so that the workers finish together', () => {
  const tasks = encodeTasks(planVideo(factsOf(), { version: 1, chunkSeconds: 30, workers: 4 }), {
    key: 'k',
    sizeBytes: 1,
  });
  const chunks = tasks.flatMap(({ spec }) => (spec.kind === 'encode' ? [spec.chunk] : []));
  const lengths = chunks.filter(({ index }) => index > 0).map(({ segmentCount }) => segmentCount);
  assert.deepEqual(
    lengths,
    lengths.toSorted((a, b) => b - a),
  );
  assert.equal(lengths.at(-1), 1);
  assert.equal(chunks.findLast(({ segmentCount }) => segmentCount > 1)?.last, true);
});

test('a short clip is encoded in one task, and without audio there is no audio task', () => {
  const facts = factsOf({ durationSeconds: 3 }, { audio: null });
  const tasks = encodeTasks(planVideo(facts, { version: 1, chunkSeconds: 30 }), { key: 'k', sizeBytes: 1 });
  assert.deepEqual(
    tasks.map((task) => task.spec.kind),
    ['encode', 'images'],
  );
});
