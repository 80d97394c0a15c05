import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { encodeTasks, planVideo } from '@reelmill/server/plan/planVideo.ts';
import type { ErrorCode } from '@reelmill/shared/contracts/errors.ts';
import type { EncodePlan, MediaFacts } from '@reelmill/shared/contracts/media.ts';
import { videoSegmentCount } from '@reelmill/shared/core/timeline.ts';
import type { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { joinOutput, largestGap } from '../support/joinedOutput.ts';
import { type MediaStore, startMediaStore } from '../support/mediaStore.ts';
import { runSpec } from '../support/transcode.ts';

// files of other projects with their own licences: kept beside the repository, not in it
const CORPUS = path.join(import.meta.dirname, '../../../shared/media');
const absent = existsSync(CORPUS) ? false : 'the folder ../shared/media is not there';

interface Published {
  /** Size as shown, before the ladder. */
  size: [number, number];
  rate: [number, number];
  frames: number;
  seconds: number;
  /** Channels of the output; null for none. */
  audio: number | null;
  /** Which stream is heard. */
  audioStream?: number;
}

const PUBLISHED: Record<string, Published> = {
  'iphone-portrait-hevc-60fps.mov': { size: [1080, 1920], rate: [60, 1], frames: 36, seconds: 0.6, audio: 2 },
  'iphone-portrait-hlg-dolbyvision.mov': {
    size: [1080, 1920],
    rate: [24, 1],
    frames: 40,
    seconds: 1.667,
    audio: null,
  },
  'android-portrait-hevc-3frames.mp4': {
    size: [1080, 1920],
    rate: [45_000, 1_501],
    frames: 3,
    seconds: 0.1,
    audio: 2,
  },
  'hdr10-pq-hevc.mp4': { size: [1920, 1080], rate: [30, 1], frames: 31, seconds: 1.018, audio: 2 },
  'screen-recording-vfr.mp4': { size: [3026, 1386], rate: [50, 1], frames: 436, seconds: 8.726, audio: null },
  'interlaced-1080i25-mpeg2-xdcam.mov': {
    size: [1920, 1080],
    rate: [25, 1],
    frames: 25,
    seconds: 1,
    audio: null,
  },
  'webm-vp8-vorbis-1frame.webm': { size: [640, 356], rate: [500, 21], frames: 1, seconds: 0.042, audio: 2 },
  'webm-vp9-opus-no-duration.webm': {
    size: [1280, 720],
    rate: [15_000, 1_001],
    frames: 74,
    seconds: 4.94,
    audio: 2,
  },
  'av1.mkv': { size: [640, 360], rate: [25, 1], frames: 125, seconds: 5, audio: null },
  'three-audio-two-subtitles.mkv': {
    size: [1280, 720],
    rate: [25, 1],
    frames: 250,
    seconds: 10,
    audio: 2,
    audioStream: 2,
  },
  'eight-mono-tracks-422-10bit-50fps-timecode.mp4': {
    size: [1280, 720],
    rate: [50, 1],
    frames: 500,
    seconds: 10,
    audio: 1,
    audioStream: 1,
  },
  'mpegts-hevc-aac51.ts': { size: [1920, 1080], rate: [24, 1], frames: 120, seconds: 5, audio: 2 },
  'mpegts-one-bad-pts.ts': { size: [640, 360], rate: [25, 1], frames: 126, seconds: 5, audio: 1 },
  'avi-mpeg4-mp3-23976.avi': { size: [960, 400], rate: [24_000, 1_001], frames: 98, seconds: 4.09, audio: 2 },
  'mjpeg-422-fullrange.mov': { size: [320, 240], rate: [25, 1], frames: 25, seconds: 1, audio: null },
  'wmv2-wmav2-1frame.wmv': { size: [640, 356], rate: [25, 1], frames: 2, seconds: 0.1, audio: 2 },
  'flv-h264-aac.flv': { size: [1080, 720], rate: [30, 1], frames: 29, seconds: 1, audio: 1 },
  'theora-flac.ogv': { size: [320, 240], rate: [30, 1], frames: 90, seconds: 3, audio: 1 },
  'prores-422-hq.mov': { size: [320, 240], rate: [25, 1], frames: 25, seconds: 1, audio: null },
  'odd-dimensions-161x121.webm': {
    size: [160, 120],
    rate: [30_000, 1_001],
    frames: 30,
    seconds: 1,
    audio: null,
  },
  'fragmented-bogus-39h-duration.mp4': {
    size: [1080, 720],
    rate: [30_000, 1_001],
    frames: 32,
    seconds: 1.068,
    audio: 1,
  },
  'edit-list-video-starts-at-1s.mp4': {
    size: [1920, 1080],
    rate: [30, 1],
    frames: 300,
    seconds: 10,
    audio: 2,
  },
  'truncated-says-18min-has-2s.mkv': {
    size: [720, 404],
    rate: [24_000, 1_001],
    frames: 38,
    seconds: 1.6,
    audio: 2,
  },
};

/** Slides, and a trimmed film whose only keyframe is hidden and whose last picture stands for more than a minute. */
Object.assign(PUBLISHED, {
  'faults/M53_slide_every_8s.mp4': { size: [320, 240], rate: [5, 1], frames: 320, seconds: 64, audio: null },
  'faults/M14_static_end_75s.mp4': {
    size: [320, 240],
    rate: [30, 1],
    frames: 2397,
    seconds: 79.9,
    audio: 1,
  },
} satisfies typeof PUBLISHED);

/** Pictures of two sizes, upside down, in colours that zscale has not, with captions, interlaced later on, transparent. */
Object.assign(PUBLISHED, {
  'faults/M01_res_change.ts': { size: [640, 360], rate: [30, 1], frames: 538, seconds: 17.95, audio: 1 },
  'faults/M12_vflip.mp4': { size: [320, 240], rate: [30, 1], frames: 90, seconds: 3, audio: null },
  'faults/M08b_hlg_bt2020c.mp4': { size: [640, 360], rate: [30, 1], frames: 60, seconds: 2, audio: null },
  'faults/test__segments__multi-channel-608-captions.ts': {
    size: [360, 240],
    rate: [30_000, 1_001],
    frames: 181,
    seconds: 6.04,
    audio: null,
  },
  'faults/F16_interlaced_after_1.5s.ts': {
    size: [640, 480],
    rate: [30_000, 1_001],
    frames: 104,
    seconds: 3.47,
    audio: null,
  },
  'faults/M19_alpha_prores4444.mov': { size: [640, 360], rate: [30, 1], frames: 30, seconds: 1, audio: null },
} satisfies typeof PUBLISHED);

const REFUSED: Record<string, ErrorCode> = {
  'audio-only-aac.mp4': 'no_video_stream',
  'audio-with-cover-art.m4a': 'no_video_stream',
  'zero-length.mp4': 'empty_file',
  'truncated-no-moov.mp4': 'unreadable_file',
  'garbage-vp9-bitstream.webm': 'undecodable',
  'encrypted-cenc.mp4': 'encrypted',
  'unsupported-codec-vvc.mp4': 'unsupported_codec',
  'playlist-hls-etc-passwd.mp4': 'playlist_refused',
  'playlist-hls-loopback-http.mp4': 'playlist_refused',
  'playlist-hls-sibling-file.mp4': 'playlist_refused',
  'playlist-ffconcat-sibling-file.mp4': 'playlist_refused',
};

let media: MediaStore;
before(async () => {
  media = await startMediaStore();
});
after(() => media.close());

async function inspect(file: string) {
  const source = await media.addSource(path.join(CORPUS, file));
  const inspected = await runSpec(media, { kind: 'inspect', source });
  assert.ok(inspected.kind === 'inspect');
  return { source, facts: inspected.facts };
}

/** The plan with its smallest rendition only: the others differ in nothing but their size. */
function smallPlan(facts: MediaFacts): EncodePlan {
  const plan = planVideo(facts, { version: 1, chunkSeconds: 30 });
  return { ...plan, renditions: plan.renditions.slice(-1) };
}

for (const [file, expected] of Object.entries(PUBLISHED)) {
  test(`${file} is published`, { skip: absent }, async () => {
    const { source, facts } = await inspect(file);
    const plan = smallPlan(facts);
    assert.deepEqual([facts.video.displayWidth, facts.video.displayHeight], expected.size);
    const { num, den } = facts.video.outputFrameRate;
    assert.deepEqual([num, den], expected.rate);
    if (expected.audioStream !== undefined) assert.equal(facts.audio?.streamIndex, expected.audioStream);
    const results = [];
    for (const { spec } of encodeTasks(plan, source)) results.push(await runSpec(media, spec));

    const [rendition] = plan.renditions;
    assert.ok(rendition);
    const picture = await joinOutput(media, rendition.quality, videoSegmentCount(plan));
    assert.equal(picture.decodedFrames, expected.frames);
    assert.ok(Math.abs(expected.frames / (num / den) - expected.seconds) < 0.05, 'length');
    assert.deepEqual([picture.width, picture.height], [rendition.width, rendition.height]);
    assert.deepEqual(
      [picture.pixelFormat, picture.sampleAspectRatio, picture.rotation],
      ['yuv420p', '1:1', 0],
    );
    assert.deepEqual([picture.color.transfer, picture.color.range], ['bt709', 'tv']);
    assert.doesNotMatch(JSON.stringify(picture.tags), /location|GPS/i);
    assert.equal(picture.packets[0]?.time, 0);
    assert.ok(largestGap(picture.packets) < 1e-4);
    assert.equal(picture.complaints, '');

    const audio = results.find((result) => result.kind === 'audio')?.rendition ?? null;
    assert.equal(audio === null, expected.audio === null);
    if (audio) {
      const sound = await joinOutput(media, 'audio', audio.segments.length);
      assert.equal(sound.channels, expected.audio);
      assert.equal(sound.packets[0]?.time, 0);
    }
    const images = results.find((result) => result.kind === 'images');
    assert.ok(images?.storyboardKey, 'a storyboard');
  });
}

for (const [file, code] of Object.entries(REFUSED)) {
  test(`${file} is refused: ${code}`, { skip: absent }, async () => {
    media.requests.length = 0;
    await assert.rejects(inspect(file), (error: ReelmillError) => {
      assert.deepEqual([error.code, error.retryable], [code, false]);
      return true;
    });
    assert.ok(
      media.requests.every((request) => request.includes(file)),
      'nothing else was asked for',
    );
  });
}

test('six-minutes-1080p.mp4 is cut into chunks that hold what they should', { skip: absent }, async () => {
  const { source, facts } = await inspect('six-minutes-1080p.mp4');
  const plan = smallPlan(facts);
  assert.equal(plan.totalFrames, 10_883);
  assert.equal(facts.seekable, true);
  const tasks = encodeTasks(plan, source).filter((task) => task.spec.kind === 'encode');
  assert.ok(tasks.length > 10);
  const last = tasks.find(({ spec }) => spec.kind === 'encode' && spec.chunk.last);
  const result = await runSpec(media, last?.spec ?? assert.fail('no tasks'));
  assert.ok(result.kind === 'encode');
  assert.equal(result.frames, plan.chunks.at(-1)?.frameCount);
});
