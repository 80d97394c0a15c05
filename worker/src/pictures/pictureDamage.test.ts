import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DamageMeter, MARK_LINES, type MeteredChunk } from './pictureDamage.ts';

const RATE = 25;
const CHUNK: MeteredChunk = { seconds: 10, frameSeconds: 1 / RATE, last: false };
const CORRUPT = 'http://127.0.0.1:1/raw/1/a.ts: corrupt decoded frame in stream 0';
const LOST = '[mpegts @ 0x55d1]: corrupt input packet in stream 0';

/** A mark as the filter prints it. */
function mark(seconds: number, isKeyframe: boolean): string {
  return (15_000_000 + (isKeyframe ? 10_000_000 : 0) + seconds).toFixed(6);
}

/** Marks of pictures from one time to another, a keyframe every two seconds. */
function pictures(from: number, to: number): string[] {
  const count = Math.round((to - from) * RATE);
  return Array.from({ length: count }, (_, n) => {
    const picture = Math.round(from * RATE) + n;
    return mark(picture / RATE, picture % (2 * RATE) === 0);
  });
}

function measure(lines: readonly string[], chunk: Partial<MeteredChunk> = {}): number {
  const meter = new DamageMeter({ ...CHUNK, ...chunk });
  for (const line of lines) meter.push(line);
  return Math.round(meter.seconds * 1000) / 1000;
}

test('damage lasts from its picture to the next keyframe', () => {
  assert.equal(measure([...pictures(0, 3), CORRUPT, ...pictures(3, 10)]), 1.04);
});

test('every version says in its own way that a picture is damaged', () => {
  for (const line of [
    '[vist#0:0/h264 @ 0x56f] [dec:h264 @ 0x577] corrupt decoded frame',
    '[vist#0:0/vp9 @ 0x498] [dec:vp9 @ 0x49e] Error submitting packet to decoder: Invalid data found when processing input',
    'Error while decoding stream #0:0: Invalid data found when processing input',
    '[h264 @ 0x55d7f313f400] error while decoding MB 16 10, bytestream -8',
    '[hevc @ 0x55898593a040] Could not find ref with POC 162',
  ]) {
    assert.equal(measure([...pictures(0, 3), line, ...pictures(3, 10)]), 1.04, line);
  }
});

test('a keyframe right behind a complaint may be what it is about', () => {
  assert.equal(measure([...pictures(0, 3.88), CORRUPT, ...pictures(3.88, 10)]), 2.16);
});

test('chunks share damage at their border, and count nothing twice', () => {
  const lines = [...pictures(0, 5), CORRUPT, ...pictures(5, 8)];
  const before = measure(lines.slice(0, 5.4 * RATE + 1), { seconds: 5.4 });
  // the second one reads from the keyframe at 4 s on
  const moved = (line: string): string => {
    const value = Number(line);
    return Number.isNaN(value) ? line : (value - 5.4).toFixed(6);
  };
  const after = measure(lines.slice(4 * RATE).map(moved));
  assert.deepEqual([before, after], [0.44, 0.6]);
});

test('what cannot be decoded before the first keyframe is no damage', () => {
  const early = pictures(-1, 0).filter((_, n) => n > 0);
  assert.equal(measure([CORRUPT, ...early, CORRUPT, ...pictures(0, 10)]), 0);
});

test('holes are damage only where the demuxer complains', () => {
  const [before, after] = [pictures(0, 4), pictures(7, 10)];
  assert.equal(measure([...before, ...after]), 0);
  assert.equal(measure([LOST, ...before, ...after]), 3);
  assert.equal(measure([LOST, ...pictures(0, 10)]), 0);
  // one that stood between two holes
  assert.equal(measure([LOST, ...before, mark(5, false), ...after]), 2.96);
});

test('what a decoder misses at the beginning of a read is no damage, and later only where a hole follows', () => {
  const missed = '[h264 @ 0x56300ca34fc0] mmco: unref short failure';
  const [before, after] = [pictures(-2, 4), pictures(7, 10)];
  assert.equal(measure([missed, ...before, ...after]), 0);
  assert.equal(measure([...before.slice(0, 20), missed, ...before.slice(20, 30), ...pictures(-0.5, 4)]), 0);
  assert.equal(measure([...before.slice(0, -5), missed, ...before.slice(-5), ...after]), 3);
  assert.equal(measure([...before.slice(0, -50), missed, ...before.slice(-50), ...after]), 0);
});

test('slides stand for long where the demuxer complains, too', () => {
  const slides = [0, 0.2, 3, 6, 9].map((seconds) => mark(seconds, true));
  assert.equal(measure([...slides.slice(0, 3), LOST, ...slides.slice(3)], { frameSeconds: 0.2 }), 0);
});

test('a recording that was stopped in the middle of a picture is whole', () => {
  const stopped = [...pictures(0, 9.88), CORRUPT, ...pictures(9.88, 10)];
  assert.equal(measure(stopped, { last: true }), 0);
  assert.equal(measure(stopped), 0.16);
});

test('marks that a complaint was written into are marks, and none is left in a text', () => {
  const [key = '', ...others] = pictures(0, 10);
  const broken = `[mpegts @ 0x5] Packet corrupt (stream = 0, dts = 90000)${key}`;
  assert.equal(measure([broken, CORRUPT, ...others]), 2);
  assert.equal(
    `${broken}\n.\n${others.join('\n')}\nend`.replaceAll(MARK_LINES, ''),
    `${broken.slice(0, -15)}.\nend`,
  );
});
