import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FailureWatch } from './failureWatch.ts';

test('three internal failures in a row are a sick worker', () => {
  const watch = new FailureWatch();
  assert.equal(watch.failed('encoder_failed', 'a'), null);
  assert.equal(watch.failed('disk_full', 'b'), null);
  assert.match(watch.failed('disk_full', 'no space') ?? '', /3 task.*disk_full: no space/);
});

test('a success in between, or a bad file, breaks the row', () => {
  const watch = new FailureWatch();
  watch.failed('internal', 'a');
  watch.failed('internal', 'b');
  watch.succeeded();
  assert.equal(watch.failed('internal', 'c'), null);
  assert.equal(watch.failed('internal', 'd'), null);
  assert.equal(watch.failed('undecodable', 'a bad file'), null);
  assert.equal(watch.failed('internal', 'e'), null);
});

test('after a sick spell one failure is enough until a task works again', () => {
  const watch = new FailureWatch();
  for (const message of ['a', 'b', 'c']) watch.failed('internal', message);
  assert.notEqual(watch.failed('internal', 'again'), null);
  watch.succeeded();
  assert.equal(watch.failed('internal', 'once'), null);
});

test('a file that ends the programs which read it says nothing about the worker', () => {
  const watch = new FailureWatch();
  for (let file = 0; file < 10; file++) assert.equal(watch.failed('program_died', 'a'), null);
  // nor does it hide that the worker fails otherwise
  watch.failed('encoder_failed', 'a');
  watch.failed('program_died', 'a');
  watch.failed('encoder_failed', 'a');
  assert.match(watch.failed('encoder_failed', 'a') ?? '', /encoder_failed/);
});
