import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { probeSchema } from '../probe/probeSchema.ts';
import { PacketCollector } from '../timing/packetStats.ts';
import { factsFromProbe } from './probeFacts.ts';
import { selectStreams } from './selectStreams.ts';

/** What ffprobe says of a phone's portrait clip, shortened. */
const PHONE = {
  format: { format_name: 'mov,mp4,m4a,3gp,3g2,mj2', start_time: '0.000000', duration: '0.100000' },
  streams: [
    { index: 0, codec_type: 'data', codec_tag_string: 'mett', start_time: '0.000000' },
    {
      index: 1,
      codec_name: 'aac',
      codec_type: 'audio',
      codec_tag_string: 'mp4a',
      sample_fmt: 'fltp',
      sample_rate: '48000',
      channels: 2,
      r_frame_rate: '0/0',
      avg_frame_rate: '0/0',
      start_time: '0.000000',
      duration: '0.080729',
      disposition: { default: 1, attached_pic: 0 },
    },
    {
      index: 2,
      codec_name: 'hevc',
      codec_type: 'video',
      codec_tag_string: 'hvc1',
      width: 1920,
      height: 1080,
      pix_fmt: 'yuvj420p',
      sample_aspect_ratio: '1:1',
      color_range: 'pc',
      color_space: 'bt470bg',
      color_transfer: 'smpte170m',
      color_primaries: 'bt470bg',
      r_frame_rate: '45000/1501',
      avg_frame_rate: '45000/1501',
      start_time: '0.000000',
      duration: '0.100067',
      disposition: { default: 1, attached_pic: 0 },
      side_data_list: [{ side_data_type: 'Display Matrix', rotation: -90 }],
    },
  ],
};

type RawStream = Record<string, unknown>;

function factsOf(change: { video?: RawStream; streams?: RawStream[]; times?: number[] } = {}) {
  const streams = change.streams ?? PHONE.streams;
  const probe = probeSchema.parse({
    ...PHONE,
    streams: streams.map((stream) =>
      stream.codec_type === 'video' ? { ...stream, ...change.video } : stream,
    ),
  });
  const collector = new PacketCollector();
  for (const pts of change.times ?? [0, 0.033356, 0.066711]) {
    collector.add({ pts, dts: pts, duration: 0.033356, encrypted: false });
  }
  const all = collector.finish();
  return factsFromProbe({
    probe,
    streams: selectStreams(probe),
    head: all,
    tail: all,
    sound: null,
    frames: [
      {
        best_effort_timestamp_time: null,
        pix_fmt: 'yuvj420p',
        interlaced_frame: 0,
        sample_aspect_ratio: null,
      },
    ],
    shapes: null,
    seekable: true,
    thorough: true,
  });
}

function withCode(code: string) {
  return (error: ReelmillError) => error.code === code && !error.retryable;
}

test('a portrait clip of a phone: not the first stream, turned, full range', () => {
  const facts = factsOf();
  assert.equal(facts.demuxer, 'mov');
  const { video } = facts;
  assert.deepEqual(
    [video.streamIndex, video.rotationDegrees, video.displayWidth, video.displayHeight, video.fullRange],
    [2, 90, 1080, 1920, true],
  );
  assert.deepEqual(video.outputFrameRate, { num: 45_000, den: 1_501 });
  assert.ok(Math.abs(video.durationSeconds - 0.100067) < 1e-5);
  assert.equal(facts.audio?.streamIndex, 1);
});

test('sample aspect ratio becomes square pixels; an absurd one is ignored', () => {
  const size = (sample_aspect_ratio: string) => {
    const { video } = factsOf({ video: { sample_aspect_ratio, width: 1440, side_data_list: [] } });
    return [video.displayWidth, video.displayHeight];
  };
  assert.deepEqual(size('4:3'), [1920, 1080]);
  assert.deepEqual(size('1000:1'), [1440, 1080]);
});

test('cover art is no video', () => {
  const video = { disposition: { attached_pic: 1 } };
  assert.throws(() => factsOf({ video }), withCode('no_video_stream'));
  assert.throws(() => factsOf({ streams: PHONE.streams.slice(0, 2) }), withCode('no_video_stream'));
});

test('rejects what cannot be decoded', () => {
  assert.throws(() => factsOf({ video: { codec_name: undefined } }), withCode('unsupported_codec'));
  assert.throws(() => factsOf({ video: { width: undefined } }), withCode('undecodable'));
  const encrypted = [{ side_data_type: 'Encryption initialization data' }];
  assert.throws(() => factsOf({ video: { side_data_list: encrypted } }), withCode('encrypted'));
  assert.throws(() => factsOf({ video: { codec_tag_string: 'encv' } }), withCode('encrypted'));
});

test('rejects a picture, a number of streams and a length beyond the limits', () => {
  assert.throws(() => factsOf({ video: { width: 20_000, height: 20_000 } }), withCode('limits_exceeded'));
  const many = Array.from({ length: 101 }, (_, index) => ({ ...PHONE.streams[2], index }));
  assert.throws(() => factsOf({ streams: many }), withCode('limits_exceeded'));
  const long = Array.from({ length: 200 }, (_, n) => n * 300);
  assert.throws(() => factsOf({ times: long }), withCode('limits_exceeded'));
});

test('rejects a clock that is set back', () => {
  const twice = Array.from({ length: 200 }, (_, n) => (n % 100) + (n < 100 ? 1000 : 0));
  assert.throws(() => factsOf({ times: twice }), withCode('broken_timestamps'));
});

test('audio without a decoder is left out, the default track goes first', () => {
  const [, audio, video] = PHONE.streams;
  const undecodable = { ...audio, sample_fmt: undefined };
  assert.equal(factsOf({ streams: [undecodable, { ...video, index: 2 }] }).audio, null);
  const second = { ...audio, index: 3, disposition: { default: 1 } };
  const streams = [{ ...audio, disposition: { default: 0 } }, { ...video }, second];
  assert.equal(factsOf({ streams }).audio?.streamIndex, 3);
});
