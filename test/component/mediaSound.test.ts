import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { encodeTasks, planVideo } from '@reelmill/server/plan/planVideo.ts';
import type { MediaFacts } from '@reelmill/shared/contracts/media.ts';
import type { NoticeFacts } from '@reelmill/shared/contracts/notices.ts';
import { plannedDurationSeconds } from '@reelmill/shared/core/timeline.ts';
import { joinOutput } from '../support/joinedOutput.ts';
import { type MediaStore, startMediaStore } from '../support/mediaStore.ts';
import { toneOfSecond, tonesOf } from '../support/slides.ts';
import {
  damageSoundSetUp,
  ffmpeg,
  makeBroadcast,
  makePcmMp4,
  makeUnnamedChannels,
  moveSoundTime,
  plainPicture,
  SMALL_PICTURE,
  tonePerSecond,
} from '../support/tonedClips.ts';
import { runSpec } from '../support/transcode.ts';

const run = promisify(execFile);
// files of other projects with their own licences: kept beside the repository, not in it
const FAULTS = path.join(import.meta.dirname, '../../../shared/media/faults');
const absent = existsSync(FAULTS) ? false : 'the folder ../shared/media/faults is not there';
const HERTZ_TOLERANCE = 8;
/** One AAC frame, and what a filter delays. */
const END_TOLERANCE_SECONDS = 0.03;

let media: MediaStore;
before(async () => {
  media = await startMediaStore();
});
after(() => media.close());

interface Heard {
  facts: MediaFacts;
  /** In hertz, of each second; 0 is silence. Null where there is no sound. */
  tones: number[] | null;
  notices: NoticeFacts[];
}

function inMedia(name: string): string {
  return path.join(media.root, name);
}

/** Inspects a file and makes its sound, which must be as long as planned. */
async function hear(file: string): Promise<Heard> {
  const source = await media.addSource(file);
  const inspected = await runSpec(media, { kind: 'inspect', source });
  assert.ok(inspected.kind === 'inspect');
  const { facts } = inspected;
  const plan = planVideo(facts, { version: 1, chunkSeconds: 30 });
  const task = encodeTasks(plan, source).find(({ spec }) => spec.kind === 'audio');
  if (task === undefined) return { facts, tones: null, notices: facts.notices ?? [] };
  const result = await runSpec(media, task.spec);
  assert.ok(result.kind === 'audio' && result.rendition);
  const joined = await joinOutput(media, 'audio', result.rendition.segments.length);
  const last = joined.packets.at(-1);
  const end = (last?.time ?? 0) + (last?.duration ?? 0);
  const planned = plannedDurationSeconds(plan);
  assert.ok(end <= planned && end > planned - END_TOLERANCE_SECONDS, `${end} s of sound for ${planned} s`);
  assert.equal(joined.complaints, '');
  // the last second may lack a few samples of being one
  const tones = await tonesOf(joined.file);
  return { facts, tones, notices: [...(facts.notices ?? []), ...(result.notices ?? [])] };
}

/** Second k of the sound is at second k; `silent` seconds are silent. */
function assertTones({ tones }: Heard, seconds: number, silent: readonly number[] = []): void {
  assert.ok(tones !== null && tones.length >= seconds, `${tones?.length} s of sound`);
  tones.slice(0, seconds).forEach((hertz, second) => {
    const expected = silent.includes(second) ? 0 : toneOfSecond(second);
    assert.ok(Math.abs(hertz - expected) <= HERTZ_TOLERANCE, `second ${second} of ${tones}`);
  });
}

const BROADCASTS = {
  'stereo, 5.1, stereo': { codec: 'ac3', parts: [{ channels: 2 }, { channels: 6 }, { channels: 2 }] },
  '44.1, 48, 44.1 kHz': { codec: 'aac', parts: [{ rate: 44_100 }, { rate: 48_000 }, { rate: 44_100 }] },
  'mono at 48, stereo at 32 kHz': { codec: 'mp2', parts: [{}, { channels: 2, rate: 32_000 }] },
};

for (const [name, { codec, parts }] of Object.entries(BROADCASTS)) {
  test(`sound that changes in the middle stays in step: ${name}`, async () => {
    const file = inMedia('broadcast.ts');
    await makeBroadcast(
      file,
      codec,
      parts.map((part) => ({ seconds: 2, ...part })),
    );
    assertTones(await hear(file), 2 * parts.length - 1);
  });
}

const MOVED: Record<string, { packet: number; seconds: number }> = {
  'forward in the middle': { packet: 6, seconds: 4_900 },
  'back in the middle': { packet: 9, seconds: -1_000 },
  'a little, to where other sound is': { packet: 6, seconds: 1.5 },
  'forward at the end': { packet: -1, seconds: 4_900 },
};

for (const [name, { packet, seconds }] of Object.entries(MOVED)) {
  test(`one packet of sound whose time is wrong does not move the rest: ${name}`, async () => {
    const file = inMedia('moved.ts');
    // timestamps of 33 bits: there is room before the first one
    const offset = ['-output_ts_offset', '2000', '-b:a', '64k'];
    await ffmpeg(...plainPicture(5), ...tonePerSecond(5), ...SMALL_PICTURE, '-c:a', 'aac', ...offset, file);
    await moveSoundTime(file, packet, seconds);
    const heard = await hear(file);
    assertTones(heard, 4);
    assert.deepEqual(heard.notices, [{ code: 'times_repaired' }]);
  });
}

test('nor does one in Matroska', async () => {
  const file = inMedia('moved.mkv');
  const moved = ['-bsf:a', "setts=pts='if(eq(N,80),PTS+900/TB,PTS)'"];
  await ffmpeg(...plainPicture(4), ...tonePerSecond(4), ...SMALL_PICTURE, '-c:a', 'aac', ...moved, file);
  const heard = await hear(file);
  assertTones(heard, 3);
  assert.deepEqual(heard.notices, [{ code: 'times_repaired' }]);
});

test('sound begins, pauses and ends at its times, and silence that is in the file makes no notice', async () => {
  const file = inMedia('pauses.mkv');
  const pauses = ['-af', "aselect='gte(t,1)*not(between(t,3,4.999))*lt(t,6)'"];
  await ffmpeg(...plainPicture(9), ...tonePerSecond(8), ...SMALL_PICTURE, ...pauses, '-c:a', 'flac', file);
  const heard = await hear(file);
  assertTones(heard, 8, [0, 3, 4, 6, 7]);
  assert.deepEqual(heard.notices, []);
});

test('packets that cannot be decoded are silence in their place, and their length is in the notice', async () => {
  const file = inMedia('damaged.mp4');
  await ffmpeg(...plainPicture(6), ...tonePerSecond(6), ...SMALL_PICTURE, '-c:a', 'aac', file);
  const { stdout } = await run('ffprobe', [
    ...[
      '-v',
      'error',
      '-select_streams',
      'a',
      '-show_entries',
      'packet=pts_time,pos,size',
      '-of',
      'csv=p=0',
      file,
    ],
  ]);
  const bytes = await readFile(file);
  for (const line of stdout.trim().split('\n')) {
    const [time = 0, size = 0, at = 0] = line.split(',').map(Number);
    if (time >= 2 && time < 4) bytes.fill(0xff, at, at + size);
  }
  await writeFile(file, bytes);
  const heard = await hear(file);
  assertTones(heard, 5, [2, 3]);
  const [notice, ...others] = heard.notices;
  assert.ok(notice?.code === 'audio_repaired' && Math.abs(notice.seconds - 2) < 0.1, JSON.stringify(notice));
  assert.deepEqual(others, []);
});

for (const { channels, heard } of [
  { channels: 9, heard: 8 },
  { channels: 10, heard: 0 },
  { channels: 16, heard: 11 },
  { channels: 24, heard: 23 },
]) {
  test(`of ${channels} channels without names each is heard`, async () => {
    const file = inMedia(`channels-${channels}.mov`);
    await makeUnnamedChannels(file, channels, heard, 2);
    assertTones(await hear(file), 1);
  });
}

for (const codec of ['pcm_s16be', 'pcm_s24le', 'pcm_s24be', 'pcm_s32le', 'pcm_f32le', 'pcm_f64be']) {
  test(`${codec} in MP4 is heard as it is`, async () => {
    const file = inMedia(`${codec}.mp4`);
    await makePcmMp4(file, { codec }, 2);
    assertTones(await hear(file), 1);
  });
}

test('uncompressed sound of an unknown kind is left out, with a notice', async () => {
  const file = inMedia('strange.mp4');
  await makePcmMp4(file, { codec: 'pcm_s24le', bits: 20 }, 2);
  const { tones, notices } = await hear(file);
  assert.equal(tones, null);
  assert.deepEqual(notices, [{ code: 'audio_left_out', reason: 'unsupported_codec' }]);
});

for (const container of ['mp4', 'mkv']) {
  test(`sound in ${container} whose decoder cannot be set up does not take the video with it`, async () => {
    const file = inMedia(`set-up.${container}`);
    await ffmpeg(...plainPicture(2), ...tonePerSecond(2), ...SMALL_PICTURE, '-c:a', 'aac', file);
    await damageSoundSetUp(file);
    const { facts, tones, notices } = await hear(file);
    assert.equal(facts.video.codec, 'h264');
    assert.equal(tones, null);
    assert.deepEqual(notices, [{ code: 'audio_left_out', reason: 'undecodable' }]);
  });
}

test('the next track is heard where the decoder of the first one cannot be set up', async () => {
  const file = inMedia('second-track.mp4');
  const other = ['-f', 'lavfi', '-i', 'sine=frequency=1000:duration=2'];
  const tracks = ['-map', '0', '-map', '1', '-map', '2', '-c:a', 'aac'];
  await ffmpeg(...plainPicture(2), ...other, ...tonePerSecond(2), ...SMALL_PICTURE, ...tracks, file);
  await damageSoundSetUp(file);
  const heard = await hear(file);
  assertTones(heard, 1);
  assert.equal(heard.facts.audio?.streamIndex, 2);
  assert.deepEqual(heard.notices, [{ code: 'audio_tracks_left_out', count: 1 }]);
});

test('further sound tracks and subtitles make a notice', async () => {
  const file = inMedia('tracks.mkv');
  const subtitles = inMedia('line.srt');
  await writeFile(subtitles, '1\n00:00:00,000 --> 00:00:01,000\nHello\n');
  const tracks = ['-map', '0', '-map', '1', '-map', '1', '-map', '1', '-map', '2'];
  const inputs = [...plainPicture(2), ...tonePerSecond(2), '-i', subtitles];
  await ffmpeg(...inputs, ...tracks, ...SMALL_PICTURE, '-c:a', 'aac', file);
  assert.deepEqual((await hear(file)).notices, [
    { code: 'audio_tracks_left_out', count: 2 },
    { code: 'captions_left_out' },
  ]);
});

for (const [file, seconds] of [
  ['M02_audio_stereo_51_stereo.ts', 17],
  ['M33_audio_one_bad_pts.ts', 19],
  ['F11_pcm_10ch_2s.mov', 1],
] as const) {
  test(`${file}: every second of the sound is at its time`, { skip: absent }, async () => {
    assertTones(await hear(path.join(FAULTS, file)), seconds);
  });
}

test('a real file with 24 bits in MP4 is as quiet as it was recorded', { skip: absent }, async () => {
  const heard = await hear(
    path.join(FAULTS, 'libraries__test_data__src__test__assets__media__mp4__sample_ipcm_24le.mp4'),
  );
  assert.equal(heard.facts.audio?.codec, 'pcm_s24le');
  const { stderr } = await run('ffmpeg', [
    ...['-hide_banner', '-nostdin', '-i', path.join(media.root, 'joined-audio.mp4')],
    ...['-af', 'volumedetect', '-f', 'null', '-'],
  ]);
  assert.ok(Number(/max_volume: (.*) dB/.exec(stderr)?.[1]) < -40, stderr);
});
