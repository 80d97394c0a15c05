import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '@reelmill/shared/contracts/errors.ts';
import { FailureWatch } from './failureWatch.ts';

let videos = 0;
/** Of another video each time, unless one is named. */
const fail = (watch: FailureWatch, code: ErrorCode, message: string, videoId?: number): string | null => {
  videos += 1;
  return watch.failed({ code, message, videoId: videoId ?? 1_000 + videos });
};

test('three failures of three videos in a row are an unhealthy worker', () => {
  const watch = new FailureWatch();
  assert.equal(fail(watch, 'encoder_failed', 'a'), null);
  assert.equal(fail(watch, 'disk_full', 'b'), null);
  assert.match(fail(watch, 'disk_full', 'no space') ?? '', /3 task.*disk_full: no space/);
});

test('a success in between, or a bad file, breaks the row', () => {
  const watch = new FailureWatch();
  fail(watch, 'internal', 'a');
  fail(watch, 'internal', 'b');
  watch.succeeded();
  assert.equal(fail(watch, 'internal', 'c'), null);
  assert.equal(fail(watch, 'internal', 'd'), null);
  assert.equal(fail(watch, 'undecodable', 'a bad file'), null);
  assert.equal(fail(watch, 'internal', 'e'), null);
});

test('after an unhealthy spell one failure is enough until a task works again', () => {
  const watch = new FailureWatch();
  for (const message of ['a', 'b', 'c']) fail(watch, 'internal', message);
  assert.notEqual(fail(watch, 'internal', 'again'), null);
  watch.succeeded();
  assert.equal(fail(watch, 'internal', 'once'), null);
});

test('a file that ends the programs which read it does not count against the worker', () => {
  const watch = new FailureWatch();
  for (let file = 0; file < 10; file++) assert.equal(fail(watch, 'program_died', 'a'), null);
  // nor does it hide that the worker fails otherwise
  fail(watch, 'encoder_failed', 'a');
  fail(watch, 'program_died', 'a');
  fail(watch, 'encoder_failed', 'a');
  assert.match(fail(watch, 'encoder_failed', 'a') ?? '', /encoder_failed/);
});

test('a worker stays healthy however many tasks of one or two hostile files fail', () => {
  const watch = new FailureWatch();
  for (const code of ['encoder_failed', 'stalled', 'time_limit', 'internal'] as const) {
    for (let chunk = 0; chunk < 20; chunk++) assert.equal(fail(watch, code, 'a', (chunk % 2) + 1), null);
  }
  assert.match(fail(watch, 'stalled', 'a third one', 3) ?? '', /^3 task/);
  // nor does it keep the worker from working after an unhealthy spell
  assert.equal(fail(watch, 'stalled', 'again', 3), null);
  assert.notEqual(fail(watch, 'stalled', 'another', 4), null);
  watch.succeeded();
  assert.equal(fail(watch, 'stalled', 'again', 3), null);
});

test('store and disk do not fail because of a file: they count for the same video as well', () => {
  const watch = new FailureWatch();
  assert.equal(fail(watch, 'disk_full', 'a', 1), null);
  assert.equal(fail(watch, 'disk_full', 'a', 1), null);
  assert.match(fail(watch, 'output_damaged', 'a', 1) ?? '', /output_damaged/);
});
