import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { EncodePlan } from '@reelmill/shared/contracts/media.ts';
import { encodeTasks, planVideo } from '@reelmill/shared/core/planVideo.ts';
import { videoSegmentCount } from '@reelmill/shared/core/timeline.ts';
import { encodeFilm, makeNumberedFilm, numbersShown } from '../support/borderClips.ts';
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
  'h264-1.ts': x264(groupOf(1)),
  'h264-90.ts': x264(groupOf(90), '-bf', '2'),
  'h264-open-110.ts': x264(`open-gop=1:${groupOf(110)}`, '-bf', '3'),
  'h264-only-one-keyframe.ts': x264('keyint=infinite', '-bf', '2'),
  'h264-refreshed.ts': x264('intra-refresh=1:keyint=40', '-refs', '3'),
  'h264-refreshed.mp4': x264('intra-refresh=1:keyint=40', '-refs', '3'),
  'h264-refreshed.mkv': x264('intra-refresh=1:keyint=70', '-bf', '2'),
  'h264-open-110.mp4': x264(`open-gop=1:${groupOf(110)}`, '-bf', '3'),
  'hevc-60.ts': x265(`open-gop=0:${groupOf(60)}`),
  'hevc-open-90.ts': x265(`open-gop=1:${groupOf(90)}`),
  'hevc-open-90.mp4': x265(`open-gop=1:${groupOf(90)}`),
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

/** Plans a file and makes its smallest rendition; returns the plan and what its frames show. */
async function encodeChunks(
  file: string,
  chunkSeconds: number,
): Promise<{ plan: EncodePlan; shown: number[] }> {
  const source = await media.addSource(file);
  const inspected = await runSpec(media, { kind: 'inspect', source });
  assert.ok(inspected.kind === 'inspect');
  const plan = planVideo(inspected.facts, { version: 1, chunkSeconds });
  const quality = plan.renditions.at(-1)?.quality ?? assert.fail('no rendition');
  for (const { spec } of encodeTasks(plan, source)) {
    if (spec.kind !== 'encode' || !spec.qualities.includes(quality)) continue;
    await runSpec(media, { ...spec, qualities: [quality] });
  }
  const joined = await joinOutput(media, quality, videoSegmentCount(plan));
  return { plan, shown: await numbersShown(joined.file) };
}

function assertInOrder(shown: readonly number[], count: number): void {
  const wrong = shown.flatMap((number, frame) => (number === frame ? [] : [`${frame} shows ${number}`]));
  assert.deepEqual(wrong, []);
  assert.equal(shown.length, count);
}

describe('every frame is there once and in order, across the borders of chunks', () => {
  for (const [name, options] of Object.entries(SOURCES)) {
    test(`${name}, short chunks`, async () => {
      const { plan, shown } = await encodeChunks(await encodeFilm(film, name, options), 5);
      assert.ok(plan.chunks.length >= 4, `${plan.chunks.length} chunks`);
      assertInOrder(shown, SECONDS * RATE);
    });
  }
});
