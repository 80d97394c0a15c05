import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { planVideo } from '@reelmill/server/plan/planVideo.ts';
import { factsOf } from '../../../test/support/taskResults.ts';
import { audioLimitMs, encodeLimitMs, TIME_LIMITS } from './timeLimits.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** The limit of the largest encode task of a plan of 1080p at 30. */
function largestLimit(seconds: number, { seekable = true } = {}): number {
  const facts = { ...factsOf({ durationSeconds: seconds }), seekable };
  facts.video = {
    ...facts.video,
    codedWidth: 1920,
    codedHeight: 1080,
    displayWidth: 1920,
    displayHeight: 1080,
  };
  facts.video.outputFrameRate = { num: 30, den: 1 };
  const plan = planVideo(facts, { version: 1, chunkSeconds: 60 });
  const limits = plan.chunks.map(({ frameCount: frames }) =>
    encodeLimitMs({ frames, source: facts.video, renditions: plan.renditions }),
  );
  return Math.max(...limits);
}

test('a chunk may take minutes, a film in one task hours, and nothing days', () => {
  const chunk = largestLimit(3 * 3600);
  assert.ok(chunk > 20 * MINUTE_MS && chunk < 40 * MINUTE_MS, `${chunk}`);
  assert.equal(largestLimit(3 * 3600, { seekable: false }), 12 * HOUR_MS);
  assert.equal(largestLimit(12 * 3600, { seekable: false }), 12 * HOUR_MS);
  assert.equal(audioLimitMs(12 * 3600), 12 * HOUR_MS);
  assert.ok(audioLimitMs(60) < 15 * MINUTE_MS);
});

test('a film of three hours in one task passes on a slow single core', () => {
  // 1080p at 30 with its ladder, one thread of an ordinary core: 20 frames per second where pictures are complex
  const seconds = (3 * 3600 * 30) / (20 / 2.5);
  assert.ok(largestLimit(3 * 3600, { seekable: false }) > seconds * 1000);
});

test('the time follows from frames and pixels, above a floor', () => {
  const source = { codedWidth: 320, codedHeight: 240 };
  const limit = (frames: number, width = 320) =>
    encodeLimitMs({ frames, source, renditions: [{ width, height: 240 }] }) - TIME_LIMITS.taskFloorMs;
  assert.equal(limit(1), 15);
  assert.equal(limit(20_000), 307_200);
  assert.equal(limit(20_000, 960), 614_400);
});

test('the broker outlives the longest task', async () => {
  const conf = await readFile(
    path.join(import.meta.dirname, '../../../deploy/compose/rabbitmq.conf'),
    'utf8',
  );
  const timeoutMs = Number(/^consumer_timeout = (\d+)$/m.exec(conf)?.[1]);
  assert.ok(timeoutMs > TIME_LIMITS.taskCapMs);
});
