import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { makeUploadSnapshot as row } from '../../../../../test/support/uploadSnapshot.ts';
import type { QueueChange, UploadSnapshot } from '../../../contracts/desktop.ts';
import { createQueueStore, type QueueStore } from './queueStore.ts';
import { selectOnly } from './selection.ts';

function failed(id: string): UploadSnapshot {
  const failure = { stage: 'upload', code: 'file_unreadable', message: 'Gone.', duplicateOf: null } as const;
  return row(id, { state: 'failed', failure });
}

function change(facts: Partial<QueueChange>): QueueChange {
  return { changed: [], removed: [], order: null, ...facts };
}

function storeOf(...rows: UploadSnapshot[]): QueueStore {
  const store = createQueueStore();
  store.getState().load(rows);
  return store;
}

describe('the queue store', () => {
  test('changes the rows of a message, and keeps the others as the same objects', () => {
    const store = storeOf(row('1'), row('2'));
    const before = store.getState();
    const [first, second] = [before.rows.get('1'), before.rows.get('2')];
    before.apply(change({ changed: [row('2', { state: 'uploading', sentBytes: 400 })] }));
    const after = store.getState();
    assert.equal(after.rows.get('1'), first);
    assert.notEqual(after.rows.get('2'), second);
    assert.equal(after.rows.get('2')?.sentBytes, 400);
    assert.equal(after.visible, before.visible, 'nothing is listed anew for progress');
    assert.equal(after.counts, before.counts);
    assert.equal(after.revision, before.revision + 1);
  });

  test('adds new rows in the given order, or at the end', () => {
    const store = storeOf(row('1'), row('2'));
    store.getState().apply(change({ changed: [row('3')], order: ['3', '1', '2'] }));
    assert.deepEqual(store.getState().visible, ['3', '1', '2']);
    store.getState().apply(change({ changed: [row('4')] }));
    assert.deepEqual(store.getState().visible, ['3', '1', '2', '4']);
  });

  test('removes rows, also without an order', () => {
    const store = storeOf(row('1'), row('2'), row('3'));
    store.getState().apply(change({ removed: ['2', 'never there'] }));
    assert.deepEqual(store.getState().visible, ['1', '3']);
    assert.deepEqual(store.getState().counts, { all: 2, active: 2, attention: 0, finished: 0 });
  });

  test('counts the groups, and moves a row between the filters when its group changes', () => {
    const store = storeOf(
      row('1'),
      row('2', { state: 'online' }),
      failed('3'),
      row('4', { state: 'paused' }),
    );
    assert.deepEqual(store.getState().counts, { all: 4, active: 2, attention: 1, finished: 1 });
    store.getState().setFilter('active');
    assert.deepEqual(store.getState().visible, ['1', '4']);
    store.getState().apply(change({ changed: [row('1', { state: 'online' }), row('3')] }));
    assert.deepEqual(store.getState().visible, ['3', '4']);
    assert.deepEqual(store.getState().counts, { all: 4, active: 2, attention: 0, finished: 2 });
  });

  test('changes the layout only where a failure appears or disappears', () => {
    const store = storeOf(row('1'), row('2'));
    const { layout } = store.getState();
    store.getState().apply(change({ changed: [row('1', { state: 'uploading' })] }));
    assert.equal(store.getState().layout, layout);
    store.getState().apply(change({ changed: [failed('1')] }));
    assert.equal(store.getState().layout, layout + 1);
    store.getState().apply(change({ changed: [row('1')] }));
    assert.equal(store.getState().layout, layout + 2);
  });

  test('keeps the time of a retry while its notice is repeated', () => {
    let now = 1_000;
    const store = createQueueStore(() => now);
    const notice = { code: 'network', message: 'No response.', attempt: 1, waitMs: 5_000 } as const;
    store.getState().load([row('1', { state: 'uploading', retrying: notice })]);
    assert.equal(store.getState().retryAt.get('1'), 6_000);
    now = 3_000;
    store.getState().apply(change({ changed: [row('1', { state: 'uploading', retrying: { ...notice } })] }));
    assert.equal(store.getState().retryAt.get('1'), 6_000);
    const next = { ...notice, attempt: 2, waitMs: 8_000 };
    store.getState().apply(change({ changed: [row('1', { state: 'uploading', retrying: next })] }));
    assert.equal(store.getState().retryAt.get('1'), 11_000);
    store.getState().apply(change({ changed: [row('1', { state: 'uploading' })] }));
    assert.equal(store.getState().retryAt.has('1'), false);
  });

  test('removes missing rows from the selection, and activates their successor', () => {
    const store = storeOf(row('1'), row('2'), row('3'));
    store.getState().select(() => selectOnly('2'));
    store.getState().apply(change({ removed: ['2'], order: ['1', '3'] }));
    const { selection } = store.getState();
    assert.deepEqual([...selection.ids], []);
    assert.equal(selection.active, '3');
  });

  test('clears the selection when the filter changes', () => {
    const store = storeOf(row('1'), row('2', { state: 'online' }));
    store.getState().select(() => selectOnly('1'));
    store.getState().setFilter('finished');
    assert.equal(store.getState().selection.ids.size, 0);
    assert.equal(store.getState().selection.active, '2', 'the keyboard begins at what there is');
  });

  test('shows a moved row and a new title at once, then those of the main process', () => {
    const store = storeOf(row('1'), row('2'), row('3'));
    store.getState().showMoved('3', 0);
    assert.deepEqual(store.getState().visible, ['3', '1', '2']);
    store.getState().showRenamed('3', 'Holidays');
    assert.equal(store.getState().rows.get('3')?.title, 'Holidays');
    store.getState().apply(change({ changed: [row('3', { title: null })], order: ['1', '2', '3'] }));
    assert.deepEqual(store.getState().visible, ['1', '2', '3']);
    assert.equal(store.getState().rows.get('3')?.title, null);
  });

  test('sums up finished uploads while others are active, and resets afterwards', () => {
    const store = storeOf(row('1', { state: 'uploading' }), row('2', { sizeBytes: 400 }));
    store.getState().apply(change({ changed: [row('1', { state: 'processing' })] }));
    assert.equal(store.getState().arrivedBytes, 1_000);
    store.getState().apply(change({ changed: [row('1', { state: 'online' })] }));
    assert.equal(store.getState().arrivedBytes, 1_000, 'it arrived once');
    store.getState().apply(change({ changed: [row('2', { state: 'processing', sizeBytes: 400 })] }));
    assert.equal(store.getState().arrivedBytes, 0);
  });

  test('replaces the whole list', () => {
    const store = storeOf(row('1'), failed('2'));
    store.getState().load([row('3', { state: 'online' })]);
    assert.deepEqual([...store.getState().rows.keys()], ['3']);
    assert.deepEqual(store.getState().counts, { all: 1, active: 0, attention: 0, finished: 1 });
  });

  test('updates the progress of many rows without rebuilding the list', () => {
    const rows = Array.from({ length: 5_000 }, (_, index) => row(String(index)));
    const store = storeOf(...rows);
    const before = store.getState();
    const update = change({ changed: rows.slice(0, 50).map(({ id }) => row(id, { sentBytes: 1 })) });
    before.apply(update);
    assert.equal(store.getState().visible, before.visible);
    assert.equal(store.getState().order, before.order);
    assert.equal(store.getState().rows.get('4999'), rows[4_999]);
  });
});
