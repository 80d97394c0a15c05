import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import {
  type Context,
  FOR_CREATORS,
  inParallel,
  listAll,
  md5,
  newKey,
  PART,
  putText,
} from './storeUnderTest.ts';

export function testObjects({ store, pageSize }: Context): void {
  test('an object is put from a buffer or a stream and read back', async () => {
    const bytes = randomBytes(300_000);
    for (const body of [bytes, Readable.from([bytes.subarray(0, 7), bytes.subarray(7)])]) {
      const key = newKey();
      const startedAt = Date.now();
      await store().put(key, body, { contentType: 'video/mp4', sizeBytes: bytes.length });
      assert.deepEqual(await buffer(await store().get(key)), bytes);
      const stat = await store().stat(key);
      assert.equal(stat?.key, key);
      assert.equal(stat.sizeBytes, bytes.length);
      assert.equal(stat.etag, md5(bytes));
      // stores keep whole seconds at worst
      assert.ok(Math.abs(stat.lastModified.getTime() - startedAt) < 60_000);
    }
  });

  test('an empty object is an object', async () => {
    const key = newKey();
    await putText(store(), key, '');
    assert.equal((await store().stat(key))?.sizeBytes, 0);
    assert.equal((await buffer(await store().get(key))).length, 0);
  });

  test('putting again replaces content, ETag and type', async () => {
    const key = newKey();
    await putText(store(), key, 'first');
    const before = await store().stat(key);
    await store().put(key, Buffer.from('other'), { contentType: 'text/vtt', sizeBytes: 5 });
    assert.equal((await buffer(await store().get(key))).toString(), 'other');
    assert.notEqual((await store().stat(key))?.etag, before?.etag);
    assert.equal((await store().stat(key))?.contentType, 'text/vtt');
    const answer = await fetch(await store().signGet(key, FOR_CREATORS));
    assert.equal(answer.headers.get('content-type'), 'text/vtt');
    await answer.arrayBuffer();
  });

  test('writers of the same key leave one of their objects whole', async () => {
    const key = newKey();
    const bodies = Array.from({ length: 6 }, (_, index) => Buffer.alloc(100_000 + index, index));
    await Promise.all(
      bodies.map((body) => store().put(key, body, { contentType: 'a/b', sizeBytes: body.length })),
    );
    const found = await buffer(await store().get(key));
    const stat = await store().stat(key);
    assert.equal(stat?.etag, md5(found));
    assert.ok(bodies.some((body) => body.equals(found)));
  });

  test('a body of another size than announced is refused and changes nothing', async () => {
    for (const sizeBytes of [4, 6]) {
      for (const body of [Buffer.from('bytes'), Readable.from([Buffer.from('by'), Buffer.from('tes')])]) {
        const key = newKey();
        const attempt = store().put(key, body, { contentType: 'a/b', sizeBytes });
        await assert.rejects(attempt, { code: 'size_mismatch' });
        assert.equal(await store().stat(key), null);
      }
    }
    const key = newKey();
    await putText(store(), key, 'kept');
    const attempt = store().put(key, Buffer.from('lost'), { contentType: 'a/b', sizeBytes: 9 });
    await assert.rejects(attempt, { code: 'size_mismatch' });
    assert.equal((await buffer(await store().get(key))).toString(), 'kept');
  });

  test('a body with another MD5 than announced is refused and changes nothing', async () => {
    const key = newKey();
    await putText(store(), key, 'kept');
    const bytes = randomBytes(300_000);
    const damaged = Buffer.from(bytes);
    damaged.writeUInt8(damaged.readUInt8(299_999) ^ 1, 299_999);
    const options = { contentType: 'a/b', sizeBytes: bytes.length, md5: md5(bytes) };
    for (const body of [damaged, Readable.from([damaged.subarray(0, 7), damaged.subarray(7)])]) {
      const refused = { code: 'checksum_mismatch', retryable: false };
      await assert.rejects(store().put(key, body, options), refused);
      assert.equal((await buffer(await store().get(key))).toString(), 'kept');
    }
    // cut off, and filled up with zeros, as a file system may do
    const cut = Buffer.concat([bytes.subarray(0, 200_000), Buffer.alloc(100_000)]);
    await assert.rejects(store().put(key, cut, options), { code: 'checksum_mismatch' });
    await assert.rejects(store().put(key, bytes.subarray(1), options), { code: 'size_mismatch' });
    await store().put(key, Readable.from([bytes.subarray(0, 9), bytes.subarray(9)]), options);
    assert.equal((await store().stat(key))?.etag, md5(bytes));
  });

  test('a put that is given up, or whose source breaks, leaves nothing', async () => {
    const endless = () =>
      Readable.from(
        (async function* () {
          for (;;) yield await new Promise<Buffer>((done) => setImmediate(done, Buffer.alloc(1000)));
        })(),
      );
    const key = newKey();
    const abort = new AbortController();
    const body = endless();
    const put = store().put(key, body, { contentType: 'a/b', sizeBytes: 1e9, signal: abort.signal });
    await once(body, 'data');
    abort.abort();
    await assert.rejects(put, { code: 'aborted' });
    const breaking = endless();
    const broken = store().put(key, breaking, { contentType: 'a/b', sizeBytes: 1e9 });
    breaking.once('data', () => breaking.destroy(new Error('the disk was pulled out')));
    await assert.rejects(broken);
    assert.equal(await store().stat(key), null);
    assert.deepEqual(await listAll(store(), key), []);
  });

  test('what is not there is not found', async () => {
    await assert.rejects(store().get(newKey()), { code: 'not_found', retryable: false });
    assert.equal(await store().stat(newKey()), null);
  });

  test('what is only the beginning of other keys is no object', async () => {
    const folder = newKey();
    await putText(store(), `${folder}/a`, 'x');
    assert.equal(await store().stat(folder), null);
    await assert.rejects(store().get(folder), { code: 'not_found' });
    await store().remove([folder]);
    assert.notEqual(await store().stat(`${folder}/a`), null);
  });

  test('listing answers the objects whose keys start with the prefix', async () => {
    const folder = newKey();
    const names = ['a.mp4', 'ab/x', 'ab/y/z', 'b/seg_1.m4s', 'b/seg_2.m4s', 'b/sub.m4s'];
    for (const name of names) await putText(store(), `${folder}/${name}`, name);
    const under = async (prefix: string) =>
      (await listAll(store(), `${folder}${prefix}`)).map(({ key }) => key.slice(folder.length + 1)).sort();
    assert.deepEqual(await under('/'), names);
    assert.deepEqual(await under('/a'), ['a.mp4', 'ab/x', 'ab/y/z']);
    assert.deepEqual(await under('/ab/'), ['ab/x', 'ab/y/z']);
    assert.deepEqual(await under('/b/seg_'), ['b/seg_1.m4s', 'b/seg_2.m4s']);
    assert.deepEqual(await under('/b/seg_2.m4s'), ['b/seg_2.m4s']);
    assert.deepEqual(await under('/nothing'), []);
    assert.deepEqual(await under('/a.mp4/x'), []);
    const [listed] = await listAll(store(), `${folder}/a.mp4`);
    const stat = await store().stat(`${folder}/a.mp4`);
    assert.equal(listed?.sizeBytes, 5);
    assert.equal(listed.etag, stat?.etag);
    assert.ok(listed.lastModified instanceof Date && !Number.isNaN(listed.lastModified.getTime()));
  });

  test('more objects than one answer holds are listed and removed', async () => {
    const folder = newKey();
    const keys = Array.from({ length: pageSize() + 30 }, (_, index) => `${folder}/${index}`);
    await inParallel(keys, 16, (key) => putText(store(), key, 'x'));
    assert.deepEqual((await listAll(store(), `${folder}/`)).map(({ key }) => key).sort(), [...keys].sort());
    await store().remove(keys);
    assert.deepEqual(await listAll(store(), `${folder}/`), []);
  });

  test('removing takes what is there and passes over what is not', async () => {
    const [gone, kept, never] = [newKey(), newKey(), newKey()];
    await putText(store(), gone, 'x');
    await putText(store(), kept, 'x');
    await store().remove([gone, never]);
    await store().remove([gone]);
    await store().remove([]);
    assert.equal(await store().stat(gone), null);
    assert.notEqual(await store().stat(kept), null);
  });

  test('freeing what is left over leaves every object', async () => {
    const folder = newKey();
    const names = ['a', 'b/c', 'b/d/e'];
    for (const name of names) await putText(store(), `${folder}/${name}`, name);
    await store().prune(`${folder}/b/`);
    await store().prune(`${folder}/`);
    await store().prune(`${newKey()}/`);
    const keys = (await listAll(store(), `${folder}/`)).map(({ key }) => key.slice(folder.length + 1));
    assert.deepEqual(keys.sort(), names);
    await putText(store(), `${folder}/b/f`, 'x');
    assert.notEqual(await store().stat(`${folder}/b/f`), null);
  });

  test('odd keys are kept as they are', async () => {
    const folder = newKey();
    const names = [
      "a b+c&d=e;f'g(h)!*",
      '100%',
      '%41',
      'ümläut 日本 🎬',
      '#?<>"|:@$,',
      '.hidden',
      '..x',
      '1e5',
    ];
    const odd = [...names, `deep/${'x'.repeat(200)}`].map((name) => `${folder}/${name}`);
    for (const key of odd) {
      const put = await fetch(await store().signPut(key, FOR_CREATORS), { method: 'PUT', body: key });
      assert.equal(put.status, 200, key);
      const got = await fetch(await store().signGet(key, FOR_CREATORS));
      assert.equal(await got.text(), key);
      assert.equal((await buffer(await store().get(key))).toString(), key);
    }
    assert.deepEqual((await listAll(store(), `${folder}/`)).map(({ key }) => key).sort(), [...odd].sort());
    await store().remove(odd);
    assert.deepEqual(await listAll(store(), `${folder}/`), []);
  });

  test('keys that could mean something else are refused', async () => {
    for (const key of ['', '/a', 'a/', 'a//b', '../a', 'a/../b', 'a/.', 'a\\b', 'a\nb', 'a\0b']) {
      const refused = { code: 'validation_failed' };
      const plan = { contentType: 'a/b', partSizeBytes: PART, sizeBytes: 1 };
      await assert.rejects(async () => store().signPut(key, FOR_CREATORS), refused, JSON.stringify(key));
      await assert.rejects(async () => store().signGet(key, FOR_CREATORS), refused);
      await assert.rejects(async () => putText(store(), key, 'x'), refused);
      await assert.rejects(async () => store().get(key), refused);
      await assert.rejects(async () => store().createUpload(key, plan), refused);
    }
  });

  test('a store that works says so', async () => {
    await store().check();
  });

  test('tells what time it is for it, or that it does not know', async () => {
    const time = await store().now();
    if (time !== null) assert.ok(Math.abs(time.getTime() - Date.now()) < 60_000, time.toISOString());
  });

  test('tells how much room there is, or that it does not know', async () => {
    const space = await store().space();
    if (space !== null) assert.ok(space.freeBytes > 0 && space.freeBytes <= space.sizeBytes);
  });
}
