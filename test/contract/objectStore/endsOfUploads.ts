import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import type { StoredPart } from '@reelmill/shared/ports/objectStore.ts';
import {
  type Context,
  FOR_CREATORS,
  md5,
  newKey,
  openUpload,
  openWholeUpload,
  PART,
  putPart,
  putText,
  statusOf,
  withoutTime,
} from './storeUnderTest.ts';

export function testEndsOfUploads({ store }: Context): void {
  test('completing again answers the same object', async () => {
    const { upload, parts } = await openWholeUpload(store());
    const [first, second] = await Promise.all([
      store().completeUpload(upload, parts),
      store().completeUpload(upload, parts),
    ]);
    const third = await store().completeUpload(upload, parts);
    for (const object of [second, third]) assert.deepEqual(withoutTime(object), withoutTime(first));
    await assert.rejects(store().listParts(upload), { code: 'upload_gone' });
  });

  test('an upload is completed with exactly the parts that it holds', async () => {
    const { upload, parts, bytes } = await openWholeUpload(store());
    const [first, second] = parts;
    assert.ok(first && second);
    const incomplete: StoredPart[][] = [
      [],
      [first],
      [second],
      [first, second, { ...second, partNumber: 3 }],
      [first, { ...second, etag: md5(Buffer.from('other')) }],
    ];
    for (const wanted of incomplete)
      await assert.rejects(store().completeUpload(upload, wanted), {
        code: 'upload_incomplete',
        retryable: false,
      });
    const longer = { ...second, sizeBytes: second.sizeBytes + 1 };
    await assert.rejects(store().completeUpload(upload, [first, longer]), { code: 'size_mismatch' });
    assert.equal(await store().stat(upload.key), null);
    await store().completeUpload(upload, parts);
    assert.ok((await buffer(await store().get(upload.key))).equals(bytes));
  });

  test('an upload with a missing part is not completed', async () => {
    const upload = await openUpload(store(), newKey(), 2 * PART);
    await putPart(store(), upload, 2, randomBytes(PART));
    const parts = await store().listParts(upload);
    await assert.rejects(store().completeUpload(upload, parts), { code: 'upload_incomplete' });
    await store().abortUpload(upload);
  });

  test('completing is refused where neither upload nor its object is there', async () => {
    const { upload, parts } = await openWholeUpload(store());
    await store().completeUpload(upload, parts);
    await putText(store(), upload.key, 'something else');
    await assert.rejects(store().completeUpload(upload, parts), { code: 'upload_gone' });
    await store().remove([upload.key]);
    await assert.rejects(store().completeUpload(upload, parts), { code: 'upload_gone', retryable: false });
    const unknown = { key: newKey(), uploadId: randomUUID() };
    await assert.rejects(store().completeUpload(unknown, parts), { code: 'upload_gone' });
    await assert.rejects(store().listParts(unknown), { code: 'upload_gone' });
  });

  test('an upload belongs to its key', async () => {
    const { upload, parts } = await openWholeUpload(store());
    const forged = { ...upload, key: newKey() };
    await assert.rejects(store().listParts(forged), { code: 'upload_gone' });
    await assert.rejects(store().completeUpload(forged, parts), { code: 'upload_gone' });
    await store().abortUpload(forged);
    assert.deepEqual(await store().listParts(upload), parts);
  });

  test('an upload that is given up is gone, twice as well as once', async () => {
    const { upload, parts } = await openWholeUpload(store());
    const url = await store().signPart(upload, 1, FOR_CREATORS);
    await store().abortUpload(upload);
    await store().abortUpload(upload);
    await store().abortUpload({ key: newKey(), uploadId: randomUUID() });
    await assert.rejects(store().listParts(upload), { code: 'upload_gone' });
    await assert.rejects(store().completeUpload(upload, parts), { code: 'upload_gone' });
    assert.equal(await statusOf('PUT', url), 404);
    assert.equal(await store().stat(upload.key), null);
  });

  test('giving up a completed upload leaves its object', async () => {
    const { upload, parts } = await openWholeUpload(store());
    await store().completeUpload(upload, parts);
    await store().abortUpload(upload);
    assert.notEqual(await store().stat(upload.key), null);
  });
}
