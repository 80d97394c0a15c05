import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { encodeTasks, planVideo } from '@reelmill/server/plan/planVideo.ts';
import { assembleVideo } from '@reelmill/server/publish/assembleVideo.ts';
import { bandwidthOf } from '@reelmill/server/publish/playlists.ts';
import type { EncodePlan, MediaFacts, Segment } from '@reelmill/shared/contracts/media.ts';
import { videoSegmentCount, videoSegmentSeconds } from '@reelmill/shared/core/timeline.ts';
import { joinOutput, largestGap } from '../support/joinedOutput.ts';
import {
  type Container,
  makeMarkedFilm,
  markOfPicture,
  markOfSecond,
  readPictureMarks,
  readToneMarks,
} from '../support/markedFilm.ts';
import { type MediaStore, startMediaStore } from '../support/mediaStore.ts';
import { runSpec } from '../support/transcode.ts';

const RATE = 25;
/** Neighbours are 37 apart. */
const LUMA_TOLERANCE = 8;
const HERTZ_TOLERANCE = 8;

let media: MediaStore;
before(async () => {
  media = await startMediaStore();
});
after(() => media.close());

interface Made {
  plan: EncodePlan;
  video: Segment[];
  audio: Segment[];
}

async function filmOf(container: Container, seconds: number): Promise<string> {
  const folder = path.join(media.root, `film-${seconds}`);
  await mkdir(folder, { recursive: true });
  return makeMarkedFilm(folder, { container, seconds });
}

/** Makes everything of a film whose plan may be changed before; checks that it fits together and what it shows. */
async function make(
  file: string,
  change: { facts?: (facts: MediaFacts) => MediaFacts; plan?: (plan: EncodePlan) => EncodePlan } = {},
  frames?: number,
): Promise<Made> {
  const { facts: changeFacts = (facts) => facts, plan: changePlan = (plan) => plan } = change;
  const source = await media.addSource(file);
  const inspected = await runSpec(media, { kind: 'inspect', source });
  assert.ok(inspected.kind === 'inspect');
  const plan = changePlan(planVideo(changeFacts(inspected.facts), { version: 1, chunkSeconds: 5 }));
  const tasks = [];
  for (const { spec } of encodeTasks(plan, source)) {
    if (spec.kind !== 'images') tasks.push({ spec, result: await runSpec(media, spec) });
  }
  const assembly = assembleVideo(plan, tasks);
  assert.ok(assembly.ok, 'the tasks fit together');
  const { renditions, audio } = assembly.video;
  const video = renditions[0]?.segments ?? [];
  await checkPictures(video.length, frames ?? plan.totalFrames);
  if (audio !== null) await checkSound(audio.segments.length);
  return { plan, video, audio: audio?.segments ?? [] };
}

async function checkPictures(segments: number, frames: number): Promise<void> {
  const joined = await joinOutput(media, '240p', segments);
  assert.equal(joined.complaints, '');
  const marks = await readPictureMarks(joined.file);
  assert.equal(marks.length, frames);
  for (const [n, mark] of marks.entries()) {
    assert.ok(Math.abs(mark - markOfPicture(n)) <= LUMA_TOLERANCE, `picture ${n} has luma ${mark}`);
  }
  assert.ok(largestGap(joined.packets) < 1e-3);
}

async function checkSound(segments: number): Promise<void> {
  const joined = await joinOutput(media, 'audio', segments);
  assert.equal(joined.complaints, '');
  for (const [second, hertz] of (await readToneMarks(joined.file)).slice(0, 10).entries()) {
    assert.ok(Math.abs(hertz - markOfSecond(second)) <= HERTZ_TOLERANCE, `second ${second}: ${hertz} Hz`);
  }
  assert.ok(largestGap(joined.packets) < 1e-3);
}

const secondsOf = (segments: readonly Segment[]) => segments.map(({ durationSeconds }) => durationSeconds);
const rounded = (segments: readonly Segment[]) =>
  secondsOf(segments).map((seconds) => Number(seconds.toFixed(2)));

/** What can be watched early has the lengths that come out. */
function checkAnnounced({ plan, video }: Made): void {
  const announced = Array.from({ length: videoSegmentCount(plan) }, (_, index) =>
    videoSegmentSeconds(plan, index),
  );
  assert.equal(announced.length, video.length);
  for (const [index, seconds] of secondsOf(video).entries()) {
    assert.ok(Math.abs(seconds - (announced[index] ?? 0)) < 1e-3, `segment ${index} lasts ${seconds} s`);
  }
}

for (const [container, seconds, lengths] of [
  ['mp4', 10.04, [5, 5.04]],
  ['ts', 10.4, [5, 5.4]],
  ['mp4', 10.48, [5, 5, 0.48]],
  ['mkv', 5.04, [5.04]],
] as const) {
  test(`${seconds} s of ${container} end in segments of ${lengths} s, sound alike`, async () => {
    const made = await make(await filmOf(container, seconds));
    assert.deepEqual(rounded(made.video), lengths);
    checkAnnounced(made);
    assert.equal(made.audio.length, lengths.length);
    const [shortest = 0, peak] = [Math.min(...secondsOf(made.audio)), bandwidthOf(made.audio).peak];
    assert.ok(shortest > 0.4, `${rounded(made.audio)} s of sound`);
    assert.ok(peak < 2 * (made.plan.audio?.bitrate ?? 0), `${peak} bit/s of sound`);
  });
}

test('a film that turns out shorter than it announces ends without a segment of one picture, too', async () => {
  const announces = (facts: MediaFacts): MediaFacts => ({
    ...facts,
    video: { ...facts.video, durationSeconds: 19 },
    audio: null,
  });
  const { video } = await make(await filmOf('mp4', 15.04), { facts: announces }, 15.04 * RATE);
  assert.deepEqual(rounded(video), [5, 5, 5.04]);
});

test('a plan of an earlier version keeps its segments', async () => {
  const asBefore = ({ minSegmentSeconds: _, ...plan }: EncodePlan) => plan;
  const made = await make(await filmOf('mp4', 10.04), { plan: asBefore });
  assert.deepEqual(rounded(made.video), [5, 5, 0.04]);
  checkAnnounced(made);
});

/** Times of MPEG-TS have 33 bits. */
const WRAP_SECONDS = 2 ** 33 / 90_000;
/** The muxer begins so late. */
const MUX_DELAY_SECONDS = 1.4;

for (const wrapsAt of [0.5, 7.02]) {
  test(`MPEG-TS whose times begin anew after ${wrapsAt} s: every picture and second, and no odd segment`, async () => {
    const file = path.join(media.root, `wrap-${wrapsAt}.ts`);
    const offset = ['-output_ts_offset', String(WRAP_SECONDS - MUX_DELAY_SECONDS - wrapsAt)];
    const film = await filmOf('ts', 10.04);
    await promisify(execFile)('ffmpeg', ['-v', 'error', '-y', '-i', film, '-c', 'copy', ...offset, file]);
    const made = await make(file);
    assert.deepEqual(rounded(made.video), [5, 5.04]);
    assert.equal(made.audio.length, 2);
  });
}
