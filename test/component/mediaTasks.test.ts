import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { objectKeys } from '@reelmill/shared/core/objectKeys.ts';
import {
  audioSegmentSeconds,
  plannedDurationSeconds,
  videoSegmentCount,
  videoSegmentSeconds,
} from '@reelmill/shared/core/timeline.ts';
import type { TaskProgress } from '../../worker/src/context/taskContext.ts';
import { type JoinedOutput, joinOutput, largestGap } from '../support/joinedOutput.ts';
import { type MediaStore, startMediaStore } from '../support/mediaStore.ts';
import { type SampleName, sampleFile } from '../support/samples.ts';
import { type Transcoded, transcode } from '../support/transcode.ts';

const run = promisify(execFile);

let media: MediaStore;
before(async () => {
  media = await startMediaStore();
});
after(() => media.close());

/** Runs the whole pipeline and checks what must be true of every video. */
async function publish(
  name: SampleName,
  options: { chunkSeconds?: number; onProgress?: (progress: TaskProgress) => void } = {},
) {
  const made = await transcode(media, await sampleFile(name), options);
  const [quality] = made.renditions.keys();
  assert.ok(quality);
  const picture = await checkPicture(made, quality);
  const sound = made.audio && (await checkSound(made, made.audio.segments.length));
  assert.deepEqual(existsSync(media.workDir) ? await readdir(media.workDir) : [], [], 'work is left behind');
  return { ...made, picture, sound };
}

async function checkPicture(made: Transcoded, quality: string): Promise<JoinedOutput> {
  const { plan } = made;
  const outputs = made.renditions.get(quality) ?? [];
  const segments = outputs.flatMap((output) => output.segments);
  assert.deepEqual(
    segments.map((segment) => segment.index),
    Array.from({ length: videoSegmentCount(plan) }, (_, index) => index),
  );
  assert.equal(new Set(outputs.map((output) => output.initSha256)).size, 1, 'init segments differ');
  for (const segment of segments) {
    assert.ok(Math.abs(segment.durationSeconds - videoSegmentSeconds(plan, segment.index)) < 1e-3);
  }
  const joined = await joinOutput(media, quality, segments.length);
  assert.equal(joined.decodedFrames, plan.totalFrames);
  assert.equal(joined.complaints, '');
  assert.equal(joined.packets[0]?.time, 0);
  assert.ok(largestGap(joined.packets) < 1e-4, `a gap of ${largestGap(joined.packets)} s`);
  const rendition = plan.renditions.find((candidate) => candidate.quality === quality);
  assert.deepEqual([joined.width, joined.height], [rendition?.width, rendition?.height]);
  assert.deepEqual(
    [joined.codec, joined.pixelFormat, joined.sampleAspectRatio, joined.rotation, joined.streams],
    ['h264', 'yuv420p', '1:1', 0, 1],
  );
  assert.deepEqual(joined.color, { space: 'bt709', primaries: 'bt709', transfer: 'bt709', range: 'tv' });
  assert.match(outputs[0]?.codecs ?? '', /^avc1\.64[0-9a-f]{4}$/);
  return joined;
}

async function checkSound(made: Transcoded, segmentCount: number): Promise<JoinedOutput> {
  const joined = await joinOutput(media, 'audio', segmentCount);
  const frame = 1 / 25;
  assert.equal(joined.complaints, '');
  assert.equal(joined.packets[0]?.time, 0);
  assert.ok(largestGap(joined.packets) < 1e-3);
  assert.ok(endOf(joined) >= plannedDurationSeconds(made.plan) - frame, 'the sound ends before the picture');
  made.audio?.segments.slice(0, -1).forEach((segment) => {
    assert.ok(Math.abs(segment.durationSeconds - audioSegmentSeconds(made.plan, segment.index)) < 1e-6);
  });
  assert.equal(made.audio?.codecs, 'mp4a.40.2');
  return joined;
}

function endOf(joined: JoinedOutput): number {
  const last = joined.packets.at(-1);
  return (last?.time ?? 0) + (last?.duration ?? 0);
}

test('chunks of one video join without a seam, and their beginnings are reported as they come', async () => {
  const reports: TaskProgress[] = [];
  const made = await publish('h264-aac', {
    chunkSeconds: 5,
    onProgress: (progress) => reports.push(progress),
  });
  assert.equal(made.plan.chunks.length, 4);
  assert.equal(made.picture.decodedFrames, 660);
  assert.ok(reports.some((report) => report.done === 150 && report.segmentsDone === 1));
  assert.ok(reports.every((report) => Number.isInteger(report.done)));
});

test('NTSC rates stay exact over chunks', async () => {
  const made = await publish('ntsc', { chunkSeconds: 5 });
  assert.deepEqual(made.facts.video.outputFrameRate, { num: 30_000, den: 1_001 });
  assert.ok(Math.abs(endOf(made.picture) - (660 * 1001) / 30_000) < 1e-3);
});

test('uneven pictures become a constant rate of the same length', async () => {
  const made = await publish('vfr', { chunkSeconds: 5 });
  assert.equal(made.facts.video.variableFrameRate, true);
  assert.ok(Math.abs(endOf(made.picture) - made.facts.video.durationSeconds) < 0.05);
  assert.equal(made.audio, null);
});

test('MPEG-TS begins at 0 whatever its clock says', async () => {
  const made = await publish('mpegts', { chunkSeconds: 5 });
  assert.ok(made.facts.video.startSeconds > 1);
  assert.equal(made.plan.chunks.length, 4);
});

test('a portrait clip is portrait and has no rotation left', async () => {
  const made = await publish('rotated');
  assert.equal(made.facts.video.rotationDegrees, 270);
  assert.deepEqual([made.picture.width, made.picture.height], [180, 320]);
});

test('HDR comes out as 8-bit SDR', async () => {
  const made = await publish('hevc-hdr');
  assert.equal(made.facts.video.hdr, 'pq');
  assert.equal(made.picture.decodedFrames, 48);
});

test('odd sides and 4:4:4 become even 4:2:0', async () => {
  const made = await publish('odd-size');
  assert.deepEqual([made.picture.width, made.picture.height], [160, 120]);
});

test('interlaced anamorphic video is deinterlaced and has square pixels', async () => {
  const made = await publish('interlaced');
  assert.equal(made.facts.video.interlaced, true);
  assert.deepEqual([made.facts.video.displayWidth, made.facts.video.displayHeight], [426, 240]);
  assert.equal(made.plan.chunks.length, 1);
});

test('the default audio track is the one that is heard, and 5.1 becomes stereo', async () => {
  const two = await publish('two-audio');
  assert.equal(two.facts.audio?.streamIndex, 2);
  const surround = await publish('surround-51');
  assert.equal(surround.facts.audio?.channels, 6);
  assert.equal(surround.sound?.channels, 2);
});

for (const { name, at, leadFrames } of [
  { name: 'late-video', at: 3, leadFrames: 30 },
  { name: 'late-audio', at: 2, leadFrames: 0 },
] as const) {
  test(`${name}: flash and beep stay together`, async () => {
    const made = await publish(name);
    assert.ok(made.sound);
    const beep = await firstLoudSeconds(made.sound.file);
    const flash = (await firstWhiteFrame(made.picture.file)) / 30;
    assert.ok(Math.abs(flash - at) < 1e-6, `flash at ${flash}`);
    assert.ok(Math.abs(beep - at) < 0.01, `beep at ${beep}`);
    assert.equal(made.plan.totalFrames, leadFrames + Math.round(made.facts.video.durationSeconds * 30));
  });
}

test('nothing that the source says about itself gets into the output', async () => {
  const made = await publish('h264-aac');
  for (const joined of [made.picture, made.sound]) {
    assert.doesNotMatch(JSON.stringify(joined?.tags), /48\.8584|secret|location/);
  }
});

test('a video has a cover, and a storyboard whose cues lie within its sprite', async () => {
  const made = await publish('h264-aac');
  const images = made.results.find((result) => result.kind === 'images');
  assert.ok(images?.storyboardKey);
  const size = async (key: string): Promise<number[]> => {
    const file = path.join(media.root, 'picture.jpg');
    await writeFile(file, await media.store.get(key));
    const { stdout } = await run('ffprobe', [
      ...['-v', 'error', '-show_entries', 'stream=width,height', '-of', 'csv=p=0', file],
    ]);
    return stdout.trim().split(',').map(Number);
  };
  assert.deepEqual(await size(images.coverKey), [320, 180]);
  const { columns, rows, tileWidth, tileHeight, count } = made.plan.storyboard;
  assert.deepEqual(await size(objectKeys.storyboardSprite(images.storyboardKey)), [
    columns * tileWidth,
    rows * tileHeight,
  ]);
  const vtt = await text(await media.store.get(images.storyboardKey));
  assert.equal(vtt.match(/storyboard\.jpg#xywh=/g)?.length, count);
});

test('a trimmed video whose only keyframe lies before its beginning has a storyboard of its pictures', async () => {
  const whole = path.join(media.root, 'whole.mp4');
  const trimmed = path.join(media.root, 'trimmed.mp4');
  const film = ['-f', 'lavfi', '-i', 'testsrc2=size=160x120:rate=10:duration=26', '-g', '1000'];
  await run('ffmpeg', ['-v', 'error', ...film, '-c:v', 'libx264', '-x264-params', 'scenecut=0', whole]);
  // the edit list hides what was there before
  await run('ffmpeg', ['-v', 'error', '-ss', '2', '-i', whole, '-c', 'copy', trimmed]);
  const made = await transcode(media, trimmed);
  const images = made.results.find((result) => result.kind === 'images');
  assert.ok(images?.storyboardKey);
  const sprite = path.join(media.root, 'sprite.jpg');
  await writeFile(sprite, await media.store.get(objectKeys.storyboardSprite(images.storyboardKey)));
  const { columns, tileWidth, tileHeight, count } = made.plan.storyboard;
  const tiles = await Promise.all(
    [0, Math.floor(count / 2), count - 1].map(async (tile) => {
      const corner = `${(tile % columns) * tileWidth}:${Math.floor(tile / columns) * tileHeight}`;
      const crop = `crop=${tileWidth}:${tileHeight}:${corner}`;
      const { stdout } = await run('ffmpeg', ['-v', 'error', '-i', sprite, '-vf', crop, '-f', 'md5', '-']);
      return stdout;
    }),
  );
  assert.equal(new Set(tiles).size, 3, 'each tile is a picture of its own');
});

async function firstLoudSeconds(file: string): Promise<number> {
  const { stdout } = await run('ffmpeg', ['-v', 'error', '-i', file, '-f', 's16le', '-ac', '1', '-'], {
    encoding: 'buffer',
    maxBuffer: 16 * 1024 * 1024,
  });
  for (let sample = 0; sample < stdout.length / 2; sample++) {
    if (Math.abs(stdout.readInt16LE(sample * 2)) > 8000) return sample / 48_000;
  }
  return Number.NaN;
}

async function firstWhiteFrame(file: string): Promise<number> {
  const { stdout } = await run(
    'ffmpeg',
    ['-v', 'error', '-i', file, '-vf', 'scale=2:2,format=gray', '-f', 'rawvideo', '-'],
    { encoding: 'buffer', maxBuffer: 16 * 1024 * 1024 },
  );
  return stdout.findIndex((value) => value > 128) / 4;
}
