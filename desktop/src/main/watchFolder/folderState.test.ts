import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addProcessed,
  type FoundFile,
  type PendingFiles,
  type ProcessedVersions,
  reviewScan,
} from './folderState.ts';

const STABLE_MS = 4_000;
const QUIET = { stableMs: STABLE_MS, growingMs: 20_000, recordingMs: 60_000 };
/** Long after the files were written. */
const LATER_MS = 1_000_000;
const NONE: ProcessedVersions = new Map();

function file(path: string, sizeBytes = 10, mtimeMs = 1_000): FoundFile {
  return { path, sizeBytes, mtimeMs };
}

/** Runs several scans, at these times, and returns the complete files of each. */
function look(scans: [nowMs: number, found: FoundFile[]][], processed = NONE): string[][] {
  let before: PendingFiles = new Map();
  return scans.map(([nowMs, found]) => {
    const review = reviewScan(found, { before, processed, nowMs, wallMs: LATER_MS + nowMs, quiet: QUIET });
    before = review.pending;
    return review.finished.map(({ path }) => path);
  });
}

test('a file is complete after its quiet period', () => {
  const found = [file('/a.mp4')];
  assert.deepEqual(
    look([
      [0, found],
      [3_999, found],
      [4_000, found],
    ]),
    [[], [], ['/a.mp4']],
  );
});

test('a file that grows or is rewritten is not complete', () => {
  const scans: [number, FoundFile[]][] = [
    [0, [file('/a.mp4', 10), file('/b.mp4', 10, 1)]],
    [5_000, [file('/a.mp4', 11), file('/b.mp4', 10, 2)]],
    [24_000, [file('/a.mp4', 11), file('/b.mp4', 10, 2)]],
    [25_000, [file('/a.mp4', 11), file('/b.mp4', 10, 2)]],
  ];
  assert.deepEqual(look(scans), [[], [], [], ['/a.mp4', '/b.mp4']]);
});

test('waits three times the longest pause of a writer, and a minute for a recording', () => {
  const names = ['/film.mp4', '/2026-11-28 10-00-00.mkv', '/Game 2026.11.28 - 10.00.00.01.mp4'];
  const found = (sizeBytes: number) => names.map((name) => file(name, sizeBytes));
  const scans: [number, FoundFile[]][] = [
    [0, found(10)],
    [9_000, found(20)],
    [19_000, found(30)],
    [48_999, found(30)],
    [49_000, found(30)],
    [79_000, found(30)],
  ];
  assert.deepEqual(look(scans), [[], [], [], [], ['/film.mp4'], names]);
});

test('waits longer for a file that was changed shortly before, or was processed before', () => {
  const fresh = [file('/a.mp4', 10, LATER_MS - 3_000)];
  const scans: [number, FoundFile[]][] = [
    [0, fresh],
    [9_000, fresh],
    [20_000, fresh],
  ];
  assert.deepEqual(look(scans), [[], [], ['/a.mp4']]);
  const again = [file('/a.mp4', 20, 1_000)];
  const processed = new Map([['/a.mp4', { sizeBytes: 10, mtimeMs: 1 }]]);
  assert.deepEqual(
    look(
      [
        [0, again],
        [9_000, again],
        [20_000, again],
      ],
      processed,
    ),
    [[], [], ['/a.mp4']],
  );
});

test('a file that disappeared and came back is new', () => {
  assert.deepEqual(
    look([
      [0, [file('/a.mp4')]],
      [2_000, []],
      [5_000, [file('/a.mp4')]],
    ]),
    [[], [], []],
  );
});

test('waits for an empty file without an early rescan', () => {
  const empty = [file('/a.mp4', 0)];
  assert.deepEqual(
    look([
      [0, empty],
      [60_000, empty],
    ]),
    [[], []],
  );
  const review = reviewScan(empty, {
    before: new Map(),
    processed: NONE,
    nowMs: 0,
    wallMs: LATER_MS,
    quiet: QUIET,
  });
  assert.equal(review.needsRescan, false);
});

test('requests an early rescan while a file may still be written', () => {
  const options = { before: new Map(), processed: NONE, nowMs: 0, wallMs: LATER_MS, quiet: QUIET };
  const first = reviewScan([file('/a.mp4')], options);
  assert.equal(first.needsRescan, true);
  const second = reviewScan([file('/a.mp4')], { ...options, before: first.pending, nowMs: STABLE_MS });
  assert.equal(second.needsRescan, false);
});

test('processes a file again only in another version', () => {
  const processed = new Map([['/a.mp4', { sizeBytes: 10, mtimeMs: 1_000 }]]);
  const same = [file('/a.mp4')];
  const newer = [file('/a.mp4', 10, 2_000)];
  assert.deepEqual(
    look(
      [
        [0, same],
        [5_000, same],
      ],
      processed,
    ),
    [[], []],
  );
  assert.deepEqual(
    look(
      [
        [0, newer],
        [20_000, newer],
      ],
      processed,
    ),
    [[], ['/a.mp4']],
  );
});

test('drops missing files first, then the oldest', () => {
  const bounds = { present: new Set(['/1', '/3', '/4']), max: 3 };
  let processed = addProcessed(NONE, [file('/1'), file('/2'), file('/3')], bounds);
  processed = addProcessed(processed, [file('/4')], bounds);
  assert.deepEqual([...processed.keys()], ['/1', '/3', '/4']);
  processed = addProcessed(processed, [file('/5')], {
    ...bounds,
    present: new Set([...bounds.present, '/5']),
  });
  assert.deepEqual([...processed.keys()], ['/3', '/4', '/5']);
});

test('moves a file that is processed again to the end', () => {
  const bounds = { present: new Set<string>(), max: 10 };
  let processed = addProcessed(NONE, [file('/1'), file('/2')], bounds);
  processed = addProcessed(processed, [file('/1', 99)], bounds);
  assert.deepEqual(
    [...processed],
    [
      ['/2', { sizeBytes: 10, mtimeMs: 1_000 }],
      ['/1', { sizeBytes: 99, mtimeMs: 1_000 }],
    ],
  );
});
