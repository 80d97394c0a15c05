import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cutPictureOf, packetsOf, parseMovie, shownBehindCut, type TrackTimes } from './mp4Index.ts';

function box(type: string, ...parts: (Buffer | number[])[]): Buffer {
  const body = Buffer.concat(parts.map((part) => (Array.isArray(part) ? numbers(part) : part)));
  return Buffer.concat([numbers([body.length + 8]), Buffer.from(type, 'latin1'), body]);
}

function numbers(values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [n, value] of values.entries()) bytes.writeInt32BE(value | 0, n * 4);
  return bytes;
}

/** A track of 100 units a second, in a film of 1000. */
function movie({
  stts = [0, 1, 3, 4],
  ctts,
  elst,
  handler = 'vide',
}: {
  stts?: number[];
  ctts?: number[];
  elst?: number[];
  handler?: string;
}): Buffer {
  const tables = box('stbl', box('stts', stts), ...(ctts ? [box('ctts', ctts)] : []));
  const media = box(
    'mdia',
    box('mdhd', [0, 0, 0, 100, 0]),
    box('hdlr', [0, 0], Buffer.from(handler)),
    box('minf', tables),
  );
  const edits = elst ? [box('edts', box('elst', elst))] : [];
  return Buffer.concat([box('mvhd', [0, 0, 0, 1000, 0]), box('trak', ...edits, media)]);
}

function timesOf(moov: Buffer) {
  const track = parseMovie(moov)?.[0];
  return track && [...packetsOf(track)].map(({ pts, hidden }) => (hidden ? `(${pts})` : String(pts)));
}

test('times are those of the tables, in decoding order', () => {
  assert.deepEqual(timesOf(movie({})), ['0', '0.04', '0.08']);
  assert.deepEqual(timesOf(movie({ ctts: [0, 3, 1, 4, 1, 8, 1, -4] })), ['0.04', '0.12', '0.04']);
});

test('an edit list hides what is before and behind it, and may begin with a pause', () => {
  assert.deepEqual(timesOf(movie({ elst: [0, 1, 40, 4, 0x10000] })), ['(-0.04)', '0', '(0.04)']);
  assert.deepEqual(timesOf(movie({ elst: [0, 2, 500, -1, 0x10000, 120, 0, 0x10000] })), [
    '0.5',
    '0.54',
    '0.58',
  ]);
});

test('of sound that is cut in the middle of a sample the rest is shown', () => {
  const cut = { elst: [0, 1, 40, 6, 0x10000], handler: 'soun' };
  assert.deepEqual(timesOf(movie(cut)), ['(-0.06)', '0', '0.02']);
});

test('leaves an unusual index to ffprobe', () => {
  for (const elst of [
    [0, 2, 40, 0, 0x10000, 40, 8, 0x10000],
    [0, 1, 40, 0, 0x20000],
    [0, 3, 40, -1, 0x10000, 40, 0, 0x10000, 40, 8, 0x10000],
  ]) {
    assert.deepEqual(parseMovie(movie({ elst })), [null]);
  }
  assert.equal(parseMovie(Buffer.concat([movie({}), box('mvex')])), null);
});

test('returns null for a damaged index, wherever the damage is', () => {
  const whole = movie({ ctts: [0, 1, 3, 4], elst: [0, 1, 120, 0, 0x10000] });
  assert.notEqual(parseMovie(whole), null);
  assert.equal(parseMovie(movie({ stts: [0, 0x7fff_ffff, 3, 4] })), null);
  assert.equal(parseMovie(movie({ elst: [0, 2, 40, 0] })), null);
  for (let at = 0; at < whole.length; at++) {
    const changed = Buffer.from(whole);
    changed[at] = 0xff;
    assert.doesNotThrow(() => parseMovie(changed), `byte ${at}`);
    assert.doesNotThrow(() => parseMovie(whole.subarray(0, at)), `cut at ${at}`);
  }
});

function trackOf(moov: Buffer): TrackTimes {
  return parseMovie(moov)?.[0] ?? assert.fail('no track');
}

/** `counts` pictures that stand for so many seconds. */
const slides = (seconds: number, count: number): number[] => [0, 1, count, seconds * 100];

test('a picture that is on where an edit list begins is found, with what the sound has of its own', () => {
  const pictures = trackOf(movie({ stts: slides(4, 10), elst: [0, 1, 20_000, 600, 0x10000] }));
  const sound = trackOf(movie({ stts: slides(1, 40), elst: [0, 1, 30_000, 600, 0x10000], handler: 'soun' }));
  const cut = cutPictureOf(pictures, sound) ?? assert.fail('no cut');
  assert.deepEqual(cut, {
    seconds: -2,
    shown: { fromSeconds: 0, toSeconds: 20 },
    heard: { fromSeconds: 0, toSeconds: 30 },
  });
  const packet = { pts: 25, dts: 25, duration: 1, encrypted: false, hidden: false };
  assert.equal(shownBehindCut(packet, { cut, isPicture: true }).hidden, true);
  assert.equal(shownBehindCut(packet, { cut, isPicture: false }).hidden, false);
  const first = shownBehindCut({ ...packet, pts: -2, dts: -2, duration: 4 }, { cut, isPicture: true });
  assert.deepEqual([first.pts, first.duration, first.hidden], [0, 2, false]);
});

test('what hides much, or claims more pictures than can be counted, is left to ffmpeg', () => {
  const from = (seconds: number): number[] => [0, 1, 20_000, seconds * 100, 0x10000];
  assert.notEqual(cutPictureOf(trackOf(movie({ stts: slides(4, 100), elst: from(18) })), null), null);
  assert.equal(cutPictureOf(trackOf(movie({ stts: slides(4, 100), elst: from(22) })), null), null);
  const endless = trackOf(movie({ stts: [0, 1, 0x7fffffff, 0], elst: from(10) }));
  assert.equal(cutPictureOf(endless, null), null);
});
