import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { VideoDetail } from '@reelmill/shared/contracts/videos.ts';
import { objectKeys, videoFolder } from '@reelmill/shared/core/objectKeys.ts';
import { verifyPlayback } from '../../scripts/demo/verifyPlayback.ts';
import type { ExpectedVideo } from './expectedVideos.ts';
import { largestGap } from './joinedOutput.ts';
import {
  fetchBytes,
  fetchText,
  hashFile,
  hashObject,
  listKeys,
  listPublishedKeys,
  readServed,
  type ServedRendition,
} from './publishedVideo.ts';
import { meanLuma, pictureSize, probePicture, toneHertz } from './sourceFile.ts';
import type { ProfileUnderTest } from './standaloneProfile.ts';
import { findVideoFolder } from './videoFolders.ts';

/** Sums of rounded times differ by no more. */
const TICK_SECONDS = 1e-3;
const HDR_LUMA_SHIFT = 4;
/** Enough to distinguish tracks; an encoder's noise adds to what is counted. */
const HERTZ_TOLERANCE = 0.2;

/** The source is in the store as it is on disk, and nothing else with it. */
export async function checkSource(profile: ProfileUnderTest, videoId: number, file: string): Promise<void> {
  const video = await profile.models.Video.findByPk(videoId, { rejectOnEmpty: true });
  const { sourceKey } = video;
  assert.equal(await hashObject(profile.store, sourceKey), await hashFile(file));
  assert.deepEqual(await listKeys(profile.store, objectKeys.rawPrefix(videoFolder(video))), [sourceKey]);
}

/** The rows of sources and tasks: everything was done once, as it was planned first. */
export async function checkRows(
  profile: ProfileUnderTest,
  videoId: number,
  expected: ExpectedVideo,
): Promise<void> {
  const where = { videoId };
  const folder = await findVideoFolder(profile.models, videoId);
  const rows = await profile.models.VideoSource.findAll({ where, order: [['width', 'DESC']] });
  assert.deepEqual(
    rows.map(({ quality, width, height, format, key }) => ({ quality, width, height, format, key })),
    expected.renditions.map((rendition) => ({
      ...rendition,
      format: 'HLS',
      key: objectKeys.playlist(folder, rendition.quality),
    })),
  );
  const tasks = await profile.models.Task.findAll({ where });
  assert.deepEqual(
    tasks.filter(({ state, attempt, planVersion }) => state !== 'done' || attempt > 0 || planVersion > 1),
    [],
    'a task is not done, or had to be done again',
  );
  assert.equal(tasks.filter(({ kind }) => kind === 'encode').length, expected.encodes);
}

/** What the playlists name is there, and nothing else but the pictures. */
export async function checkObjects({ store, models }: ProfileUnderTest, videoId: number): Promise<void> {
  const video = await models.Video.findByPk(videoId, { rejectOnEmpty: true });
  const folder = videoFolder(video);
  const { coverKey, storyboardKey } = video;
  assert.ok(coverKey !== null && storyboardKey !== null);
  const pictures = [coverKey, storyboardKey, objectKeys.storyboardSprite(storyboardKey)];
  assert.deepEqual(
    await listKeys(store, objectKeys.processedPrefix(folder)),
    [...(await listPublishedKeys(store, folder)), ...pictures].sort(),
  );
}

/** Everything that the addresses in the API's response lead to. `file` is the source, `folder` for what is fetched. */
export async function checkPlayable(
  { video, sources }: VideoDetail,
  expected: ExpectedVideo,
  { file, folder }: { file: string; folder: string },
): Promise<void> {
  const served = await readServed(video.playback_url ?? '', folder);
  const pictures = served.filter(({ name }) => name !== 'audio');
  assert.deepEqual(
    pictures.map(({ name, width, height }) => ({ quality: name, width, height })),
    expected.renditions,
  );
  for (const picture of pictures) await checkPicture(picture, expected, file);
  await checkSound(served, expected);
  for (const { url } of sources) {
    const { frames } = await verifyPlayback(url, video.duration ?? 0);
    assert.equal(frames, pictures[0]?.packets.length);
  }
}

async function checkPicture(
  rendition: ServedRendition,
  expected: ExpectedVideo,
  file: string,
): Promise<void> {
  const { packets, decodedFrames } = rendition;
  const source = await probePicture(file);
  const frame = 1 / expected.rate;
  assert.equal(rendition.complaints, '');
  assert.equal(decodedFrames, packets.length);
  if (expected.variableRate) assert.ok(Math.abs(decodedFrames - source.seconds / frame) <= 1);
  else assert.deepEqual([decodedFrames, source.rate], [source.frames, expected.rate]);
  assert.ok(Math.abs(endOf(rendition) - source.seconds) <= frame + TICK_SECONDS);
  packets.forEach(({ time }, index) => {
    assert.ok(Math.abs(time - (packets[0]?.time ?? 0) - index * frame) < TICK_SECONDS, `frame ${index}`);
  });
  const { codec, pixelFormat, sampleAspectRatio, rotation, streams } = rendition;
  assert.deepEqual(
    { codec, pixelFormat, sampleAspectRatio, rotation, streams },
    { codec: 'h264', pixelFormat: 'yuv420p', sampleAspectRatio: '1:1', rotation: 0, streams: 1 },
  );
  assert.deepEqual(rendition.color, {
    space: 'bt709',
    primaries: 'bt709',
    transfer: 'bt709',
    range: 'tv',
  });
  assert.doesNotMatch(JSON.stringify(rendition.tags), /48\.8584|secret/);
  if (expected.hdr) {
    const [made, untouched] = await Promise.all([meanLuma(rendition.file), meanLuma(file)]);
    assert.ok(Math.abs(made - untouched) > HDR_LUMA_SHIFT, 'it was not tone-mapped');
  }
}

async function checkSound(served: readonly ServedRendition[], expected: ExpectedVideo): Promise<void> {
  const sound = served.find(({ name }) => name === 'audio');
  assert.equal(sound?.channels ?? 0, expected.channels);
  if (sound === undefined) return;
  assert.deepEqual([sound.codec, sound.streams, sound.complaints], ['aac', 1, '']);
  assert.ok(largestGap(sound.packets) < TICK_SECONDS);
  const frame = 1 / expected.rate;
  for (const picture of served.filter(({ name }) => name !== 'audio')) {
    const apart = Math.abs((picture.packets[0]?.time ?? Number.NaN) - (sound.packets[0]?.time ?? 0));
    assert.ok(apart < frame, `sound and picture start ${apart} s apart`);
    assert.ok(endOf(sound) > endOf(picture) - frame, 'the sound ends early');
  }
  if (expected.hertz === undefined) return;
  const hertz = await toneHertz(sound.file, 48_000);
  assert.ok(Math.abs(hertz / expected.hertz - 1) < HERTZ_TOLERANCE, `a tone of ${hertz} Hz is heard`);
}

/** Cover and storyboard can be had, decode, and have the sizes that the API reports. */
export async function checkImages(
  { video }: VideoDetail,
  expected: ExpectedVideo,
  folder: string,
): Promise<void> {
  const sizeOf = async (url: string | null | undefined): Promise<[number, number]> => {
    const file = path.join(folder, 'picture.jpg');
    await writeFile(file, await fetchBytes(url ?? ''));
    return pictureSize(file);
  };
  const [largest] = expected.renditions;
  assert.deepEqual(await sizeOf(video.cover_url), [largest?.width, largest?.height]);

  const vtt = await fetchText(video.storyboard_url ?? '');
  const cues = [...vtt.matchAll(/^(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)$/gm)];
  assert.equal(cues.length, Math.ceil(video.duration ?? 0), 'a picture for every second');
  const [sprite, ...others] = new Set(cues.map(([, url]) => url));
  assert.deepEqual(others, []);
  const [width, height] = await sizeOf(sprite);
  for (const [x = 0, y = 0, w = 0, h = 0] of cues.map((cue) => cue.slice(2).map(Number))) {
    assert.ok(w > 0 && h > 0 && x + w <= width && y + h <= height, 'a tile lies outside the sprite');
  }
}

function endOf({ packets }: ServedRendition): number {
  const last = packets.at(-1);
  return (last?.time ?? 0) + (last?.duration ?? 0);
}
