import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../../../test/support/manualClock.ts';
import type { QueueEntry } from '../ports/queueEntry.ts';
import { UploadRecord } from '../record/uploadRecord.ts';
import { QueueSaver } from './queueSaver.ts';

/** A queue that grows by one with each change, and a store whose saves take `saveMs`. */
function start({ saveMs = 0, failures = 0 } = {}) {
  const clock = new ManualClock();
  const queue: QueueEntry[] = [];
  const saved: number[] = [];
  const errors: unknown[] = [];
  let left = failures;
  const keeper = new QueueSaver({
    clock,
    store: {
      load: async () => [],
      save: async (entries) => {
        await clock.sleep(saveMs, new AbortController().signal);
        if (left-- > 0) throw new Error('the disk is full');
        saved.push(entries.length);
      },
    },
    read: () => [...queue],
    onFailure: (error) => errors.push(error),
  });
  const change = (): void => {
    const record = new UploadRecord({ id: '1', path: `/${queue.length}.mp4`, title: null }, () => undefined);
    queue.push(record.entry);
    keeper.touch();
  };
  return { clock, keeper, saved, errors, change };
}

test('saves many changes of one tick once', async () => {
  const { clock, saved, change } = start();
  for (let count = 0; count < 5_000; count++) change();
  await clock.advance(0);
  assert.deepEqual(saved, [5_000]);
});

test('saves changes made during a save with the next one, after a pause', async () => {
  const { clock, saved, change } = start({ saveMs: 100 });
  change();
  await clock.advance(50);
  change();
  change();
  await clock.advance(60);
  assert.deepEqual(saved, [1]);
  await clock.advance(350);
  assert.deepEqual(saved, [1]);
  await clock.advance(200);
  assert.deepEqual(saved, [1, 3]);
});

test('whenSaved resolves once the changes are on disk', async () => {
  const { clock, keeper, change } = start({ saveMs: 100 });
  assert.equal(await keeper.whenSaved(), true);
  change();
  let isSaved: boolean | null = null;
  const asked = keeper.whenSaved().then((saved) => {
    isSaved = saved;
  });
  await clock.advance(99);
  assert.equal(isSaved, null);
  await clock.advance(1);
  await asked;
  assert.equal(isSaved, true);
});

test('reports a failed save, and the next change retries it', async () => {
  const { clock, keeper, saved, errors, change } = start({ failures: 1 });
  change();
  const asked = keeper.whenSaved();
  await clock.advance(0);
  assert.equal(await asked, false);
  assert.equal(errors.length, 1);
  change();
  await clock.advance(0);
  assert.deepEqual(saved, [2]);
});

test('writes the remaining changes on close without a pause', async () => {
  const { clock, keeper, saved, change } = start({ saveMs: 100 });
  change();
  await clock.advance(150);
  change();
  const closed = keeper.close();
  await clock.advance(100);
  await closed;
  assert.deepEqual(saved, [1, 2]);
});
