import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeUploadSnapshot } from '../../../../test/support/uploadSnapshot.ts';
import type { UploadSnapshot } from '../../contracts/desktop.ts';
import { BatchProgress } from './batchProgress.ts';

function upload(
  id: string,
  state: UploadSnapshot['state'],
  sentBytes: number,
  sizeBytes: number | null = 100,
): UploadSnapshot {
  return makeUploadSnapshot(id, { state, sentBytes, sizeBytes });
}

test('does not go back when a file is finished', () => {
  const progress = new BatchProgress();
  assert.equal(progress.measure([upload('1', 'uploading', 50), upload('2', 'waiting', 0)]), 0.25);
  assert.equal(progress.measure([upload('1', 'processing', 100), upload('2', 'uploading', 0)]), 0.5);
  assert.equal(progress.measure([upload('1', 'online', 100), upload('2', 'uploading', 50)]), 0.75);
});

test('does not count finished, paused and failed uploads', () => {
  const progress = new BatchProgress();
  const others = [upload('1', 'online', 100), upload('2', 'paused', 90), upload('3', 'failed', 90)];
  assert.equal(progress.measure([...others, upload('4', 'uploading', 10)]), 0.1);
});

test('starts at zero after all files are finished', () => {
  const progress = new BatchProgress();
  progress.measure([upload('1', 'uploading', 50)]);
  progress.measure([upload('1', 'online', 100)]);
  assert.equal(progress.measure([upload('1', 'online', 100), upload('2', 'uploading', 0)]), 0);
});

test('ignores files of unknown size', () => {
  assert.equal(new BatchProgress().measure([upload('1', 'fingerprinting', 0, null)]), 0);
});
