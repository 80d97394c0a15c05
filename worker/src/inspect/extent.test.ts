import assert from 'node:assert/strict';
import { test } from 'node:test';
import { probeSchema } from '../probe/probeSchema.ts';
import { PacketCollector, type PacketStats } from '../timing/packetStats.ts';
import { type ExtentFindings, extentOf } from './extent.ts';
import { selectStreams } from './selectStreams.ts';

const RATE = { num: 10, den: 1 };

function statsOf(times: readonly number[], change: Partial<PacketStats> = {}): PacketStats {
  const collector = new PacketCollector();
  for (const pts of times) collector.add({ pts, dts: pts, duration: 0.1, encrypted: false });
  return { ...collector.finish(), ...change };
}

/** Times from one to another, every tenth of a second. */
function tenths(from: number, to: number): number[] {
  return Array.from({ length: Math.round((to - from) * 10) }, (_, n) => from + n / 10);
}

function findingsOf(head: PacketStats, shown: readonly number[], sound: PacketStats | null): ExtentFindings {
  const video = {
    index: 0,
    codec_type: 'video',
    codec_name: 'h264',
    pix_fmt: 'yuv420p',
    width: 16,
    height: 16,
  };
  const probe = probeSchema.parse({ format: { format_name: 'mpegts' }, streams: [video] });
  const frames = shown.map((time) => ({ best_effort_timestamp_time: time, sample_aspect_ratio: null }));
  return { head, tail: head, sound, streams: selectStreams(probe), frames };
}

test('a video begins with the first picture that can be decoded', () => {
  const { startSeconds, leftOutSeconds } = extentOf(findingsOf(statsOf(tenths(0, 20)), [3, 3.1], null), RATE);
  assert.deepEqual([startSeconds, leftOutSeconds], [3, 3]);
});

test('times of decoding are those at which pictures are shown, one after the other', () => {
  const collector = new PacketCollector();
  for (const dts of tenths(0, 20)) collector.add({ pts: null, dts, duration: 0.1, encrypted: false });
  const reordering = (shown: readonly number[]): ExtentFindings => {
    const findings = findingsOf(collector.finish(), shown, null);
    return {
      ...findings,
      streams: { ...findings.streams, video: { ...findings.streams.video, has_b_frames: 2 } },
    };
  };
  const whole = extentOf(reordering([0.2, 0.3]), RATE);
  assert.deepEqual([whole.startSeconds, whole.reorderSeconds, whole.leftOutSeconds], [0, 0.2, 0]);
  const damaged = extentOf(reordering([3.2, 3.3]), RATE);
  assert.deepEqual([damaged.startSeconds, damaged.reorderSeconds, damaged.leftOutSeconds], [3, 0.2, 3]);
  assert.equal(extentOf(findingsOf(statsOf(tenths(0, 20)), [0.1], null), RATE).reorderSeconds, 0);
});

test('a wrong time of the first picture moves no beginning', () => {
  const head = statsOf(tenths(0, 20), { strayTimes: [5] });
  assert.equal(extentOf(findingsOf(head, [5, 0.1, 0.2], null), RATE).startSeconds, 0);
});

test('a hole before the first picture that can be decoded is not taken from what follows', () => {
  const times = [...tenths(0, 4), ...tenths(20, 56)];
  const stats = statsOf(times);
  assert.equal(stats.holes.length, 1);
  const whole = extentOf(findingsOf(stats, [0], stats), RATE);
  assert.ok(Math.abs(whole.durationSeconds - 40) < 0.3, `${whole.durationSeconds}`);
  const late = extentOf(findingsOf(stats, [20], stats), RATE);
  assert.deepEqual(late.closedHoles, []);
  assert.ok(Math.abs(late.durationSeconds - 36) < 0.3, `${late.durationSeconds}`);
});

test('a last packet of sound that claims an hour holds no picture for so long', () => {
  const stats = statsOf(tenths(0, 4));
  const { durationSeconds } = extentOf(findingsOf(stats, [0], { ...stats, lastDuration: 3_600 }), RATE);
  assert.ok(durationSeconds < 5.2, `${durationSeconds}`);
});

test('a last picture without a length stands as long as the sound where pictures are slides', () => {
  const sound = statsOf(tenths(0, 41));
  const lengthOf = (times: readonly number[]): number =>
    extentOf(findingsOf(statsOf(times, { lastDuration: null }), [0], sound), RATE).durationSeconds;
  const slides = lengthOf([0, 20, 40.2]);
  assert.ok(Math.abs(slides - 41) < 0.01, `${slides}`);
  // of moving pictures, sound that is hardly longer is an encoder's filling
  const film = lengthOf(tenths(0, 40.3));
  assert.ok(Math.abs(film - 40.3) < 0.01, `${film}`);
});
