import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { makeMediaFacts } from '../../../test/support/mediaFacts.ts';
import { PictureReader, type PrintedPicture } from '../pictures/printedPictures.ts';
import { PreRollSearch } from './preRollSearch.ts';

const facts = makeMediaFacts({
  durationSeconds: 3600,
  audio: null,
  video: {
    ...{ codedWidth: 160, codedHeight: 90, displayWidth: 160, displayHeight: 90 },
    outputFrameRate: { num: 25, den: 1 },
  },
});
const chunk = { index: 1, firstSegment: 6, segmentCount: 6, firstFrame: 750, frameCount: 750, last: false };

function searchOf({ codec = 'h264', firstFrame = 750 } = {}): PreRollSearch {
  const video = { ...facts.video, codec };
  const plan = {
    version: 1,
    facts: { ...facts, video },
    segmentFrames: 125,
    totalFrames: 90_000,
    renditions: [],
    audio: null,
    storyboard: { intervalSeconds: 36, count: 100, columns: 10, rows: 10, tileWidth: 160, tileHeight: 90 },
  };
  return new PreRollSearch({ plan, chunk: { ...chunk, firstFrame } });
}

/** One run whose first picture is this one; returns what it was ended with. */
function run(search: PreRollSearch, { seconds, keyframe }: PrintedPicture): ReelmillError | null {
  const [ended, nothing] = [`frame:0    pts:${Math.round(seconds * 1e6)} pts_time:${seconds}`, 'fps=0.00'];
  assert.equal(search.check(ended), null);
  assert.equal(search.check(nothing), null);
  return search.check(`is_keyframe=${keyframe ? 1 : 0}`);
}

test('a run that begins with a keyframe at the first frame goes on', () => {
  const search = searchOf();
  assert.equal(run(search, { seconds: 30, keyframe: true }), null);
  // printed once more where the size of the pictures changes
  assert.equal(run(search, { seconds: 45, keyframe: true }), null);
  assert.doesNotThrow(() => search.assertSeen());
});

test('a run whose first picture comes late is ended, and the next one begins further back', () => {
  const search = searchOf();
  for (const preRoll of [0, 2, 4]) {
    assert.equal(search.preRoll, preRoll);
    const error = run(search, { seconds: 31, keyframe: true });
    assert.equal(error?.code, 'frame_count_mismatch');
    search.goBack(error);
  }
  assert.equal(run(search, { seconds: 25, keyframe: true }), null);
});

test('pictures that recover without a keyframe are read from one recovery earlier', () => {
  const search = searchOf();
  for (const seconds of [31, 29, 29]) {
    const error = run(search, { seconds, keyframe: false });
    assert.ok(error, `${seconds}`);
    search.goBack(error);
  }
  assert.equal(run(search, { seconds: 27, keyframe: false }), null);
});

test('only H.264 recovers without a keyframe', () => {
  assert.equal(run(searchOf({ codec: 'cinepak' }), { seconds: 29, keyframe: false }), null);
});

test('a run from the beginning of the source is always early enough', () => {
  const search = searchOf({ firstFrame: 0 });
  assert.equal(search.preRoll, null);
  assert.equal(run(search, { seconds: 31, keyframe: false }), null);
  assert.doesNotThrow(() => search.assertSeen());
});

test('a chunk that cannot be read from the middle is a frame_count_mismatch', () => {
  const search = searchOf({ firstFrame: 3000 * 25 });
  const readings: (number | null)[] = [];
  const readAll = (): void => {
    for (;;) {
      readings.push(search.preRoll);
      try {
        search.assertSeen();
      } catch (error) {
        search.goBack(error);
      }
    }
  };
  assert.throws(readAll, { code: 'frame_count_mismatch' });
  assert.deepEqual(readings, [0, 2, 4, 8, 16, 32, 64, 128, 256]);
});

test('a search that stalls is a frame_count_mismatch, other errors are thrown as they are', () => {
  const stalled = new ReelmillError('stalled', 'No progress.');
  assert.throws(() => searchOf().goBack(stalled), { code: 'frame_count_mismatch' });
  const begun = searchOf();
  run(begun, { seconds: 29, keyframe: true });
  assert.throws(() => begun.goBack(stalled), stalled);
  const failed = new ReelmillError('encoder_failed', 'Failed.');
  assert.throws(() => searchOf().goBack(failed), failed);
});

test('printed pictures are found between the lines of progress', () => {
  const reader = new PictureReader();
  const lines = [
    ...['frame:0    pts:11466667 pts_time:11.4667', 'frame=12', 'is_keyframe=1', 'out_time_us=5'],
    ...['is_keyframe=0', 'frame:1    pts:-1000   pts_time:-0.001', 'is_keyframe=0'],
  ];
  assert.deepEqual(
    lines.map((line) => reader.push(line)).filter((picture) => picture !== null),
    [
      { seconds: 11.466667, keyframe: true },
      { seconds: -0.001, keyframe: false },
    ],
  );
});
