import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import {
  type Context,
  cutOffPut,
  describePart,
  FOR_CREATORS,
  inParallel,
  listAll,
  md5,
  newKey,
  openUpload,
  PART,
  partOf,
  putPart,
} from './storeUnderTest.ts';

export function testUploads({ store, pageSize }: Context): void {
  test('parts in any order become one object', async () => {
    const bytes = randomBytes(2 * PART + 12_345);
    const upload = await openUpload(store(), newKey(), bytes.length, 'video/x-matroska');
    for (const number of [3, 1, 2]) {
      const answer = await putPart(store(), upload, number, partOf(bytes, number));
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.get('etag'), `"${md5(partOf(bytes, number))}"`);
    }
    const parts = await store().listParts(upload);
    assert.deepEqual(
      parts,
      [1, 2, 3].map((number) => describePart(number, partOf(bytes, number))),
    );
    const object = await store().completeUpload(upload, [...parts].reverse());
    assert.equal(object.key, upload.key);
    assert.equal(object.sizeBytes, bytes.length);
    assert.equal(object.etag, (await store().stat(upload.key))?.etag);
    assert.ok((await buffer(await store().get(upload.key))).equals(bytes));
    const answer = await fetch(await store().signGet(upload.key, FOR_CREATORS));
    assert.equal(answer.headers.get('content-type'), 'video/x-matroska');
    await answer.arrayBuffer();
  });

  test('open uploads are listed, of one key and of all, until they end', async () => {
    const [key, other] = [newKey(), newKey()];
    const startedAt = Date.now();
    const uploads = [
      await openUpload(store(), key, PART),
      await openUpload(store(), key, PART),
      await openUpload(store(), other, 1),
    ];
    const list = async (of?: string): Promise<string[]> => {
      const ids: string[] = [];
      for await (const upload of store().listUploads(of)) {
        assert.ok(Math.abs(upload.startedAt.getTime() - startedAt) < 60_000);
        const known = uploads.find(({ uploadId }) => uploadId === upload.uploadId);
        if (known === undefined) continue;
        assert.equal(upload.key, known.key);
        ids.push(upload.uploadId);
      }
      return ids.sort();
    };
    const ids = uploads.map(({ uploadId }) => uploadId);
    assert.deepEqual(await list(key), ids.slice(0, 2).sort());
    assert.deepEqual(await list(other), ids.slice(2));
    assert.deepEqual(await list(newKey()), []);
    assert.deepEqual(await list(), [...ids].sort());
    const [first, second, last] = uploads;
    assert.ok(first && second && last);
    await store().abortUpload(first);
    await putPart(store(), last, 1, Buffer.from('x'));
    await store().completeUpload(last, await store().listParts(last));
    assert.deepEqual(await list(key), [second.uploadId]);
    assert.deepEqual(await list(other), []);
    assert.deepEqual(await list(), [second.uploadId]);
    await store().abortUpload(second);
  });

  test('an upload shows nothing of its object before it is complete', async () => {
    const upload = await openUpload(store(), newKey(), 5);
    await putPart(store(), upload, 1, Buffer.from('bytes'));
    assert.equal(await store().stat(upload.key), null);
    assert.deepEqual(await listAll(store(), upload.key), []);
    await store().abortUpload(upload);
  });

  test('uploads of the same key do not meet', async () => {
    const key = newKey();
    const [one, two] = [await openUpload(store(), key, 3), await openUpload(store(), key, 3)];
    assert.notEqual(one.uploadId, two.uploadId);
    await putPart(store(), one, 1, Buffer.from('one'));
    assert.deepEqual(await store().listParts(two), []);
    await putPart(store(), two, 1, Buffer.from('two'));
    await store().completeUpload(two, await store().listParts(two));
    await store().completeUpload(one, await store().listParts(one));
    assert.equal((await buffer(await store().get(key))).toString(), 'one');
  });

  test('a part that is sent again replaces the earlier one', async () => {
    const upload = await openUpload(store(), newKey(), 6);
    await putPart(store(), upload, 1, Buffer.from('wrong'));
    assert.deepEqual(await store().listParts(upload), [describePart(1, Buffer.from('wrong'))]);
    await putPart(store(), upload, 1, Buffer.from('right!'));
    const parts = await store().listParts(upload);
    assert.deepEqual(parts, [describePart(1, Buffer.from('right!'))]);
    await store().completeUpload(upload, parts);
    assert.equal((await buffer(await store().get(upload.key))).toString(), 'right!');
  });

  test('a part, or an object, with another MD5 than announced is refused and not held', async () => {
    const upload = await openUpload(store(), newKey(), 5);
    const body = Buffer.from('bytes');
    const announced = (digest: string) => ({ 'content-md5': Buffer.from(digest, 'hex').toString('base64') });
    const part = await store().signPart(upload, 1, FOR_CREATORS);
    const object = await store().signPut(newKey(), FOR_CREATORS);
    for (const url of [part, object]) {
      const wrong = { method: 'PUT', body, headers: announced(md5(Buffer.from('other'))) };
      assert.equal((await fetch(url, wrong)).status, 400);
      assert.deepEqual(await store().listParts(upload), []);
    }
    for (const url of [part, object]) {
      assert.equal((await fetch(url, { method: 'PUT', body, headers: announced(md5(body)) })).status, 200);
    }
    assert.deepEqual(await store().listParts(upload), [describePart(1, body)]);
    await store().abortUpload(upload);
  });

  test('a part that is cut off is not held', async () => {
    const upload = await openUpload(store(), newKey(), 2 * PART);
    await cutOffPut(await store().signPart(upload, 1, FOR_CREATORS), PART);
    const second = randomBytes(PART);
    await putPart(store(), upload, 2, second);
    assert.deepEqual(await store().listParts(upload), [describePart(2, second)]);
    const first = randomBytes(PART);
    assert.equal((await putPart(store(), upload, 1, first)).status, 200);
    await store().completeUpload(upload, await store().listParts(upload));
    assert.ok((await buffer(await store().get(upload.key))).equals(Buffer.concat([first, second])));
  });

  test('a part that is cut off when sent again is never held with other bytes than it says', async () => {
    const upload = await openUpload(store(), newKey(), 2 * PART);
    const first = randomBytes(PART);
    await putPart(store(), upload, 1, first);
    await cutOffPut(await store().signPart(upload, 1, FOR_CREATORS), PART);
    await putPart(store(), upload, 2, first);
    for (const part of await store().listParts(upload))
      assert.deepEqual(part, describePart(part.partNumber, first));
  });

  test('more parts than one answer holds are listed', async () => {
    const count = pageSize() + 30;
    const upload = await store().createUpload(newKey(), {
      contentType: 'a/b',
      partSizeBytes: 8,
      sizeBytes: count * 8,
    });
    const numbers = Array.from({ length: count }, (_, index) => index + 1);
    await inParallel(numbers, 16, async (number) => {
      const answer = await putPart(store(), upload, number, Buffer.from(String(number)));
      assert.equal(answer.status, 200);
    });
    assert.deepEqual(
      await store().listParts(upload),
      numbers.map((number) => describePart(number, Buffer.from(String(number)))),
    );
    await store().abortUpload(upload);
  });

  test('part numbers that cannot be are refused', async () => {
    const upload = await openUpload(store(), newKey(), PART);
    for (const number of [0, -1, 1.5, 10_001])
      await assert.rejects(async () => store().signPart(upload, number, FOR_CREATORS), {
        code: 'validation_failed',
      });
  });
}
