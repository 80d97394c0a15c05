import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeUploadSnapshot } from '../../../../test/support/uploadSnapshot.ts';
import type { UploadSnapshot } from '../../contracts/desktop.ts';
import { QueueChanges } from './queueChanges.ts';

const upload = (id: string, facts: Partial<UploadSnapshot> = {}): UploadSnapshot =>
  makeUploadSnapshot(id, { sizeBytes: 100, ...facts });

function withUploads(...ids: string[]): QueueChanges {
  const changes = new QueueChanges();
  for (const id of ids) changes.add({ type: 'added', upload: upload(id) });
  changes.take(() => ids);
  return changes;
}

test('has no message without events', () => {
  const changes = new QueueChanges();
  assert.equal(
    changes.take(() => []),
    null,
  );
  assert.equal(changes.add({ type: 'signedOut', code: 'unauthorized', message: 'over' }), false);
  assert.equal(
    changes.take(() => []),
    null,
  );
});

test('sends the last snapshot of an upload once', () => {
  const changes = withUploads('1', '2');
  for (const sentBytes of [10, 20, 30]) {
    assert.ok(changes.add({ type: 'progress', upload: upload('1', { state: 'uploading', sentBytes }) }));
  }
  changes.add({ type: 'progress', upload: upload('2', { sentBytes: 5 }) });
  assert.deepEqual(
    changes.take(() => assert.fail('the order is as it was')),
    {
      changed: [upload('1', { state: 'uploading', sentBytes: 30 }), upload('2', { sentBytes: 5 })],
      removed: [],
      order: null,
    },
  );
  assert.equal(
    changes.take(() => []),
    null,
  );
});

test('sends the final order after any change of it', () => {
  const changes = withUploads('1', '2');
  changes.add({ type: 'moved', order: ['2', '1'] });
  changes.add({ type: 'added', upload: upload('3') });
  assert.deepEqual(
    changes.take(() => ['2', '1', '3']),
    {
      changed: [upload('3')],
      removed: [],
      order: ['2', '1', '3'],
    },
  );
});

test('drops the changes of a removed upload, including late ones', () => {
  const changes = withUploads('1', '2');
  changes.add({ type: 'progress', upload: upload('1', { sentBytes: 10 }) });
  changes.add({ type: 'removed', id: '1' });
  assert.equal(changes.add({ type: 'changed', upload: upload('1', { title: 'late' }) }), false);
  assert.deepEqual(
    changes.take(() => ['2']),
    { changed: [], removed: ['1'], order: ['2'] },
  );
});

test('sends only the removal of an upload that was added and removed between two messages', () => {
  const changes = withUploads('1');
  changes.add({ type: 'added', upload: upload('2') });
  changes.add({ type: 'removed', id: '2' });
  assert.deepEqual(
    changes.take(() => ['1']),
    { changed: [], removed: ['2'], order: ['1'] },
  );
});
