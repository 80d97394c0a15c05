import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UploadSnapshot } from '../../contracts/desktop.ts';
import { UploadRecord } from '../record/uploadRecord.ts';
import { summarize } from './totals.ts';

const { snapshot } = new UploadRecord({ id: '1', path: '/a.mp4', title: null }, () => undefined);
const upload = (facts: Partial<UploadSnapshot>): UploadSnapshot => ({ ...snapshot, ...facts });

test('has no remaining time for an empty queue', () => {
  const totals = summarize([]);
  assert.deepEqual([totals.total, totals.active, totals.totalBytes, totals.etaSeconds], [0, 0, 0, null]);
});

test('counts only uploads that continue automatically as active', () => {
  const totals = summarize([
    upload({ state: 'uploading', sizeBytes: 1_000, sentBytes: 400, bytesPerSecond: 100 }),
    upload({ state: 'completing', sizeBytes: 500, sentBytes: 500 }),
    upload({ state: 'waiting', sizeBytes: 600 }),
    upload({ state: 'waiting', sizeBytes: null }),
    upload({ state: 'paused', sizeBytes: 9_000, sentBytes: 100 }),
    upload({ state: 'processing', sizeBytes: 7_000, sentBytes: 7_000 }),
    upload({ state: 'online', sizeBytes: 5_000, sentBytes: 5_000 }),
    upload({ state: 'failed', sizeBytes: 4_000, sentBytes: 10 }),
  ]);
  assert.equal(totals.total, 8);
  assert.equal(totals.active, 4);
  assert.equal(totals.counts.waiting, 2);
  assert.equal(totals.counts.failed, 1);
  assert.equal(totals.counts.canceled, 0);
  assert.deepEqual([totals.totalBytes, totals.sentBytes, totals.bytesPerSecond], [2_100, 900, 100]);
  assert.equal(totals.etaSeconds, 12);
});

test('has no remaining time without a speed, and never counts more than a whole file', () => {
  const totals = summarize([upload({ state: 'uploading', sizeBytes: 10, sentBytes: 12, bytesPerSecond: 0 })]);
  assert.deepEqual([totals.sentBytes, totals.etaSeconds], [10, null]);
});
