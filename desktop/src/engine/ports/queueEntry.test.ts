import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UploadRecord } from '../record/uploadRecord.ts';
import { pruneFinished, type QueueEntry, queueEntrySchema } from './queueEntry.ts';

const { entry } = new UploadRecord({ id: '1', path: '/a.mp4', title: null }, () => undefined);
const named = (path: string, facts: Partial<QueueEntry>): QueueEntry => ({ ...entry, path, ...facts });

test('the entry of a record passes its schema', () => {
  assert.deepEqual(queueEntrySchema.parse(JSON.parse(JSON.stringify(entry))), entry);
});

test('saves a running upload as waiting and restores all of its facts', () => {
  const before = new UploadRecord(
    { id: '1', path: '/a.mp4', title: 'A', refuseDuplicates: true },
    () => undefined,
  );
  before.move('fingerprinting');
  before.setSize(500);
  const after = new UploadRecord({ id: '2', path: '/a.mp4', title: null }, () => undefined);
  after.restoreFromQueue(before.entry);
  assert.equal(after.state, 'waiting');
  assert.deepEqual(after.entry, { ...before.entry, refuseDuplicates: false });
  assert.equal(after.snapshot.sizeBytes, 500);
});

test('prunes the oldest finished uploads only', () => {
  const entries = [
    named('1', { state: 'online' }),
    named('2', { state: 'failed' }),
    named('3', { state: 'canceled' }),
    named('4', { state: 'canceled', abortDue: true }),
    named('5', { state: 'waiting' }),
    named('6', { state: 'online' }),
  ];
  const paths = (most: number): string =>
    pruneFinished(entries, most)
      .map(({ path }) => path)
      .join('');
  assert.equal(paths(3), '123456');
  assert.equal(paths(2), '23456');
  assert.equal(paths(0), '245');
});
