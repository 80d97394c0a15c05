import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeMediaFacts } from '../../../test/support/mediaFacts.ts';
import { firstPreRoll, isTooLate, longerPreRoll, type PreRoll, seekSeconds } from './preRoll.ts';

const facts = makeMediaFacts({
  ...{ demuxer: 'mpegts', durationSeconds: 3600, containerStartSeconds: 10, preRollSeconds: 4 },
  audio: null,
  video: { startSeconds: 10, outputFrameRate: { num: 25, den: 1 } },
});
const at = (seconds: number) => ({ firstFrame: seconds * 25 });

/** Every pre-roll that is tried for a chunk, one after the other. */
function allPreRolls(seconds: number, preRollSeconds: number): PreRoll[] {
  const tried: PreRoll[] = [];
  const source = { ...facts, preRollSeconds };
  let next: PreRoll | undefined = firstPreRoll(source, at(seconds));
  while (next !== undefined) {
    tried.push(next);
    next = longerPreRoll(source, at(seconds), next);
  }
  return tried;
}

test('a chunk is read from ever further back, up to the beginning or to a limit', () => {
  assert.deepEqual(allPreRolls(0, 4), [null]);
  assert.deepEqual(allPreRolls(5, 4), [4, null]);
  assert.deepEqual(allPreRolls(30, 0), [0, 2, 4, 8, 16, null]);
  assert.deepEqual(allPreRolls(3000, 5), [5, 10, 20, 40, 80, 160]);
  assert.equal(seekSeconds(facts, at(20), 4), 30 - 0.02 - 4);
});

test('a source of one picture is never read from the middle', () => {
  const single = { ...facts, video: { ...facts.video, singlePicture: true } };
  assert.equal(firstPreRoll(single, at(60)), null);
});

test('a first picture is too late when it would not be that of the first frame', () => {
  const late = (seconds: number, interlaced = false): boolean =>
    isTooLate({ ...facts, video: { ...facts.video, interlaced } }, at(20), 30 + seconds);
  assert.deepEqual(
    [-8, 0, 0.0199, 0.02, 5].map((seconds) => late(seconds)),
    [...[false, false, false], ...[true, true]],
  );
  // the picture before it takes part in the deinterlaced one
  assert.deepEqual(
    [-8, -0.04, 0, 5].map((seconds) => late(seconds, true)),
    [false, false, true, true],
  );
});
