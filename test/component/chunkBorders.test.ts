import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { encodeTasks, planVideo } from '@reelmill/server/plan/planVideo.ts';
import type { MediaFacts } from '@reelmill/shared/contracts/media.ts';
import type { TaskSource } from '@reelmill/shared/contracts/tasks.ts';
import { objectKeys } from '@reelmill/shared/core/objectKeys.ts';
import { videoSegmentCount } from '@reelmill/shared/core/timeline.ts';
import {
  cutBeginning,
  encodeFilm,
  firstKeyframeSeconds,
  makeNumberedFilm,
  numbersOfTiles,
  numbersShown,
} from '../support/borderClips.ts';
import { joinOutput } from '../support/joinedOutput.ts';
import { type MediaStore, startMediaStore } from '../support/mediaStore.ts';
import { runSpec } from '../support/transcode.ts';

const RATE = 10;
const SECONDS = 30;

const x264 = (params: string, ...options: string[]): string[] => [
  ...['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '16', '-pix_fmt', 'yuv420p', ...options],
  ...['-x264-params', `scenecut=0:${params}`],
];
const groupOf = (pictures: number): string => `keyint=${pictures}:min-keyint=${pictures}`;
const x265 = (params: string): string[] => [
  ...['-c:v', 'libx265', '-preset', 'ultrafast', '-crf', '18', '-pix_fmt', 'yuv420p', '-tag:v', 'hvc1'],
  ...['-x265-params', `log-level=error:scenecut=0:bframes=3:${params}`],
];
const mpeg = (codec: string, pictures: number): string[] => [
  ...['-c:v', codec, '-q:v', '2', '-g', String(pictures), '-bf', '2', '-sc_threshold', '1000000000'],
];
const vp9 = ['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8', '-crf', '20', '-b:v', '0'];

/** Groups of pictures of every kind and length, in containers with an index and without one. */
const SOURCES: Record<string, string[]> = {
  'h264-90.ts': x264(groupOf(90), '-bf', '2'),
  'h264-open-110.ts': x264(`open-gop=1:${groupOf(110)}`, '-bf', '3'),
  'h264-only-one-keyframe.ts': x264('keyint=infinite', '-bf', '2'),
  'h264-refreshed.ts': x264('intra-refresh=1:keyint=70', '-bf', '2'),
  'h264-refreshed.mp4': x264('intra-refresh=1:keyint=40'),
  'h264-refreshed.mkv': x264('intra-refresh=1:keyint=70', '-bf', '2'),
  'hevc-60.ts': x265(`open-gop=0:${groupOf(60)}`),
  'hevc-open-90.ts': x265(`open-gop=1:${groupOf(90)}`),
  'hevc-refreshed.ts': x265(`intra-refresh=1:bframes=0:${groupOf(60)}`),
  'mpeg2-100.ts': mpeg('mpeg2video', 100),
  'mpeg4-100.ts': mpeg('mpeg4', 100),
  'vp9-110.webm': [...vp9, '-g', '110'],
};

let media: MediaStore;
let film = '';
before(async () => {
  media = await startMediaStore();
  film = await makeNumberedFilm(media.root, { seconds: SECONDS, rate: RATE });
});
after(() => media.close());

async function inspect(file: string): Promise<{ source: TaskSource; facts: MediaFacts }> {
  const source = await media.addSource(file);
  const inspected = await runSpec(media, { kind: 'inspect', source });
  assert.ok(inspected.kind === 'inspect');
  return { source, facts: inspected.facts };
}

/** Makes the smallest rendition in chunks; returns how many there are, and what the frames show. */
async function encodeChunks(
  { source, facts }: { source: TaskSource; facts: MediaFacts },
  chunkSeconds: number,
): Promise<{ chunks: number; shown: number[] }> {
  const plan = planVideo(facts, { version: 1, chunkSeconds });
  const quality = plan.renditions.at(-1)?.quality ?? assert.fail('no rendition');
  for (const { spec } of encodeTasks(plan, source)) {
    if (spec.kind !== 'encode' || !spec.qualities.includes(quality)) continue;
    await runSpec(media, { ...spec, qualities: [quality] });
  }
  const joined = await joinOutput(media, quality, videoSegmentCount(plan));
  return { chunks: plan.chunks.length, shown: await numbersShown(joined.file) };
}

function assertInOrder(shown: readonly number[], { from, count }: { from: number; count: number }): void {
  const wrong = shown.flatMap((number, frame) => (number === from + frame ? [] : [`${frame}: ${number}`]));
  assert.deepEqual(wrong, []);
  assert.equal(shown.length, count);
}

describe('every frame is there once and in order, across the borders of chunks', () => {
  for (const [index, [name, options]] of Object.entries(SOURCES).entries()) {
    const chunkSeconds = index % 2 === 0 ? 5 : 10;
    test(`${name}, chunks of ${chunkSeconds} s`, async () => {
      const file = await encodeFilm(film, name, options);
      const { chunks, shown } = await encodeChunks(await inspect(file), chunkSeconds);
      assert.ok(chunks >= 4, `${chunks} chunks`);
      assertInOrder(shown, { from: 0, count: SECONDS * RATE });
    });
  }

  test('a group of 600 pictures, chunks of 10 s', async () => {
    const long = await makeNumberedFilm(media.root, { seconds: 26, rate: 25 });
    const file = await encodeFilm(long, 'h264-600.ts', x264(groupOf(600), '-bf', '2'));
    const { chunks, shown } = await encodeChunks(await inspect(file), 10);
    assert.ok(chunks >= 3, `${chunks} chunks`);
    assertInOrder(shown, { from: 0, count: 26 * 25 });
  });
});

describe('a recording that begins in the middle of a group is shown from its first whole picture on', () => {
  const begun: Record<string, string[]> = {
    'begun-h264.ts': x264(groupOf(70), '-bf', '2'),
    'begun-hevc.ts': x265(`open-gop=1:${groupOf(70)}`),
    // most of the first chunk's packets cannot be decoded
    'begun-long-h264.ts': x264(groupOf(200), '-bf', '2'),
  };
  for (const [name, options] of Object.entries(begun)) {
    test(name, async () => {
      const file = await cutBeginning(await encodeFilm(film, `whole-${name}`, options), name, 1 / 6);
      const inspected = await inspect(file);
      const { startSeconds } = inspected.facts.video;
      assert.ok(Math.abs(startSeconds - (await firstKeyframeSeconds(file))) < 0.001, `${startSeconds}`);
      const { shown } = await encodeChunks(inspected, 5);
      const from = name.includes('long') ? 200 : 70;
      assertInOrder(shown, { from, count: SECONDS * RATE - from });
    });
  }
});

async function storedFile(key: string): Promise<string> {
  const file = path.join(media.root, path.posix.basename(key));
  await writeFile(file, await buffer(await media.store.get(key)));
  return file;
}

describe('cover and storyboard show pictures of the film', () => {
  const seconds = 64;
  const films: Record<string, string[]> = {
    'images-h264-refreshed.mp4': x264('intra-refresh=1:keyint=64'),
    'images-h264-only-one-keyframe.mkv': x264('keyint=infinite'),
    'images-hevc-90.ts': x265(`open-gop=1:${groupOf(90)}`),
  };
  let long = '';
  before(async () => {
    await mkdir(path.join(media.root, 'long'));
    long = await makeNumberedFilm(path.join(media.root, 'long'), { seconds, rate: RATE });
  });

  for (const [name, options] of Object.entries(films)) {
    test(name, async () => {
      const { source, facts } = await inspect(await encodeFilm(long, name, options));
      const { chunks: _, ...plan } = planVideo(facts, { version: 1, chunkSeconds: 30 });
      const images = await runSpec(media, { kind: 'images', source, plan });
      assert.ok(images.kind === 'images' && images.storyboardKey !== null);
      const { columns, rows, count } = plan.storyboard;
      assert.equal(count, seconds);
      const sprite = await storedFile(objectKeys.storyboardSprite(images.storyboardKey));
      const tiles = await numbersOfTiles(sprite, columns, rows);
      const wrong = tiles.slice(0, count).flatMap((number, tile) => {
        const late = number - tile * RATE;
        return late <= 0 && late > -90 - RATE ? [] : [`${tile}: ${number}`];
      });
      assert.deepEqual(wrong, []);
      const [cover = -1] = await numbersShown(await storedFile(images.coverKey));
      assert.ok(cover >= 0 && cover < 130, `the cover shows ${cover}`);
    });
  }
});
