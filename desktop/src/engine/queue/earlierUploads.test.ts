import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JournalEntry } from '../ports/journalEntry.ts';
import type { QueueEntry } from '../ports/queueEntry.ts';
import { UploadRecord } from '../record/uploadRecord.ts';
import { matchEarlierUploads } from './earlierUploads.ts';

const { entry } = new UploadRecord({ id: '1', path: '/a.mp4', title: null }, () => undefined);
const saved = (path: string, facts: Partial<QueueEntry> = {}): QueueEntry => ({ ...entry, path, ...facts });
const journal = (path: string, videoId: number): { key: string; entry: JournalEntry } => ({
  key: `key of ${path}`,
  entry: {
    v: 1,
    scope: 'test',
    path,
    title: null,
    videoId,
    sizeBytes: 10,
    mtimeMs: 0,
    fingerprint: '',
    partSizeBytes: 10,
    partCount: 1,
    parts: {},
  },
});
const summaryOf = ({ uploads, stale }: ReturnType<typeof matchEarlierUploads>): string[] => [
  ...uploads.map((one) => `${one.saved?.path ?? '-'} ${one.journal?.videoId ?? '-'}`),
  ...stale,
];

test('lists saved uploads first, then those that are only in the journal', () => {
  const queue = [saved('/b'), saved('/a', { state: 'paused' })];
  const found = matchEarlierUploads(queue, [journal('/a', 1), journal('/b', 2), journal('/c', 3)]);
  assert.deepEqual(summaryOf(found), ['/b 2', '/a 1', '- 3']);
});

test('matches an upload that started over after the last save', () => {
  assert.deepEqual(summaryOf(matchEarlierUploads([saved('/a', { videoId: 1 })], [journal('/a', 2)])), [
    '/a 2',
  ]);
});

test('drops the journal entry of a finished upload', () => {
  for (const state of ['processing', 'online', 'canceled'] as const) {
    const queue = [saved('/a', { state, videoId: 1 })];
    assert.deepEqual(summaryOf(matchEarlierUploads(queue, [journal('/a', 1)])), ['/a -', 'key of /a'], state);
  }
});

test('keeps the journal entry of an upload that is still to be aborted on the server', () => {
  const queue = [saved('/a', { state: 'canceled', videoId: 1, abortDue: true })];
  assert.deepEqual(summaryOf(matchEarlierUploads(queue, [journal('/a', 1)])), ['/a 1']);
});

test('restores two uploads of a file that is being uploaded again', () => {
  const queue = [saved('/a', { state: 'online', videoId: 1 }), saved('/a', { state: 'waiting' })];
  assert.deepEqual(summaryOf(matchEarlierUploads(queue, [journal('/a', 2)])), ['/a -', '/a 2']);
});
