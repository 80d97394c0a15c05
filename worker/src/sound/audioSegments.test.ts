import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planVideo } from '@reelmill/server/plan/planVideo.ts';
import type { EncodePlan } from '@reelmill/shared/contracts/media.ts';
import { AAC_FRAME_SAMPLES, audioSegmentSeconds } from '@reelmill/shared/core/timeline.ts';
import { factsOf } from '../../../test/support/taskResults.ts';
import { audioSegmentCheck } from './audioSegments.ts';

const PLAN: Omit<EncodePlan, 'chunks'> = planVideo(factsOf({ durationSeconds: 20 }), {
  version: 1,
  chunkSeconds: 60,
});
const { minSegmentSeconds = 0, ...OLD_PLAN } = PLAN;
const timescale = PLAN.audio?.sampleRate ?? assert.fail('no audio');
const INIT = { sha256: '', sizeBytes: 1, timescale, codecs: 'mp4a.40.2' };
const framesOf = (index: number) =>
  Math.round((audioSegmentSeconds(PLAN, index) * timescale) / AAC_FRAME_SAMPLES);

/** Checks segments of so many frames each, which begin so many ticks beside their places. */
function checkAll(frames: readonly number[], { shift = 0, lastTicks = 0, plan = PLAN } = {}): void {
  const check = audioSegmentCheck(plan);
  let startTicks = 0;
  for (const [index, samples] of frames.entries()) {
    const short = index === frames.length - 1 ? lastTicks : 0;
    const durationTicks = samples * AAC_FRAME_SAMPLES - short;
    check(
      { sizeBytes: 1, samples, startTicks: startTicks + (index > 0 ? shift : 0), durationTicks },
      INIT,
      index,
    );
    startTicks += durationTicks;
  }
}

const planned = [0, 1, 2].map(framesOf);
const JOINABLE = Math.floor((minSegmentSeconds * timescale) / AAC_FRAME_SAMPLES);
const MISPLACED = { code: 'encoder_failed' };

test('sound as planned passes, and so does a last segment that is shorter', () => {
  checkAll(planned);
  checkAll([...planned.slice(0, 2), 3]);
  checkAll([...planned.slice(0, 2), 3], { lastTicks: 500 });
  checkAll(planned, { shift: 1 });
});

test('a last segment that was joined to the one before it passes, and nothing follows it', () => {
  const joined = (planned[1] ?? 0) + JOINABLE;
  checkAll([planned[0] ?? 0, joined], { lastTicks: 500 });
  assert.throws(() => checkAll([planned[0] ?? 0, joined, 3]), MISPLACED);
});

test('a gap, an overlap, or frames that are missing in the middle are damage', () => {
  for (const shift of [-AAC_FRAME_SAMPLES, -3, 3, AAC_FRAME_SAMPLES]) {
    assert.throws(() => checkAll(planned, { shift }), MISPLACED, `${shift} ticks`);
  }
  assert.throws(() => checkAll([planned[0] ?? 0, 5, planned[2] ?? 0]), MISPLACED);
});

test('more frames than are planned, or times that are not those of frames, are damage', () => {
  assert.throws(() => checkAll([(planned[0] ?? 0) + 2], { plan: OLD_PLAN }), MISPLACED);
  assert.throws(() => checkAll([(planned[0] ?? 0) + JOINABLE + 2]), MISPLACED);
  assert.throws(() => checkAll([5], { lastTicks: AAC_FRAME_SAMPLES }), MISPLACED);
  assert.throws(() => checkAll([5], { lastTicks: -3 }), MISPLACED);
});
