import assert from 'node:assert/strict';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { LIMITS } from '@reelmill/shared/contracts/limits.ts';
import type { ObjectStore, StoredObject, StoredPart, UploadRef } from '@reelmill/shared/ports/objectStore.ts';
import { waitFor } from '../support/processes.ts';

export interface StoreUnderTest {
  store: ObjectStore;
  /** What URLs for each audience begin with; the two differ. */
  origins: { public: string; internal: string };
  /** The most that the store answers in one go when it lists or removes; tests go beyond it. */
  pageSize: number;
  stop(): Promise<void>;
}

const PART = LIMITS.minPartSizeBytes;
const FOR_CREATORS = { audience: 'public', expiresSeconds: 300 } as const;

/** Every promise of the ObjectStore port, asked of a running store; signed URLs are used over HTTP. */
export function testObjectStore(name: string, start: () => Promise<StoreUnderTest>): void {
  describe(name, () => {
    let running: StoreUnderTest;
    before(async () => {
      running = await start();
    });
    after(async () => {
      await running?.stop();
    });
    const context = {
      store: () => running.store,
      origins: () => running.origins,
      pageSize: () => running.pageSize,
    };
    testObjects(context);
    testSignedUrls(context);
    testUploads(context);
    testEndsOfUploads(context);
  });
}

interface Context {
  store(): ObjectStore;
  origins(): StoreUnderTest['origins'];
  pageSize(): number;
}

function testObjects({ store, pageSize }: Context): void {
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

  test('tells how much room there is, or that it does not know', async () => {
    const space = await store().space();
    if (space !== null) assert.ok(space.freeBytes > 0 && space.freeBytes <= space.sizeBytes);
  });
}

function testSignedUrls({ store, origins }: Context): void {
  test('a signed PUT takes an object of 16 MiB, a signed GET answers it', async () => {
    const bytes = randomBytes(16 * 1024 * 1024);
    const key = newKey();
    const put = await fetch(await store().signPut(key, FOR_CREATORS), {
      method: 'PUT',
      body: bytes,
      headers: { 'Content-Type': 'video/quicktime' },
    });
    assert.equal(put.status, 200);
    assert.equal(put.headers.get('etag'), `"${md5(bytes)}"`);
    const got = await fetch(await store().signGet(key, FOR_CREATORS));
    assert.equal(got.status, 200);
    assert.equal(got.headers.get('content-length'), String(bytes.length));
    assert.equal(got.headers.get('content-type'), 'video/quicktime');
    assert.equal(got.headers.get('etag'), `"${(await store().stat(key))?.etag}"`);
    assert.equal(got.headers.get('accept-ranges'), 'bytes');
    assert.ok(Date.parse(got.headers.get('last-modified') ?? '') > 0);
    assert.ok(Buffer.from(await got.arrayBuffer()).equals(bytes));
  });

  test('a signed GET may name the type of the answer', async () => {
    const key = newKey();
    await putText(store(), key, '#EXTM3U');
    const url = await store().signGet(key, { ...FOR_CREATORS, contentType: 'application/vnd.apple.mpegurl' });
    const answer = await fetch(url);
    assert.equal(answer.headers.get('content-type'), 'application/vnd.apple.mpegurl');
    await answer.arrayBuffer();
  });

  test('ranges are honoured', async () => {
    const bytes = randomBytes(1_000_000);
    const key = newKey();
    await store().put(key, bytes, { contentType: 'video/mp4', sizeBytes: bytes.length });
    const url = await store().signGet(key, FOR_CREATORS);
    const cases: [string, number, number][] = [
      ['bytes=0-0', 0, 0],
      ['bytes=10-99999', 10, 99_999],
      ['bytes=999990-', 999_990, 999_999],
      ['bytes=500000-2000000', 500_000, 999_999],
      ['bytes=-100', 999_900, 999_999],
    ];
    for (const [range, first, last] of cases) {
      const answer = await fetch(url, { headers: { Range: range } });
      assert.equal(answer.status, 206, range);
      assert.equal(answer.headers.get('content-range'), `bytes ${first}-${last}/1000000`);
      assert.ok(Buffer.from(await answer.arrayBuffer()).equals(bytes.subarray(first, last + 1)), range);
    }
    const beyond = await fetch(url, { headers: { Range: 'bytes=1000000-' } });
    assert.equal(beyond.status, 416);
    await beyond.arrayBuffer();
  });

  test('a signed GET of what is not there answers 404', async () => {
    const answer = await fetch(await store().signGet(newKey(), FOR_CREATORS));
    assert.equal(answer.status, 404);
    await answer.arrayBuffer();
  });

  test('a PUT without a length answers 411', async () => {
    const key = newKey();
    const request = httpRequest(await store().signPut(key, FOR_CREATORS), { method: 'PUT' });
    request.setHeader('Transfer-Encoding', 'chunked');
    request.end('bytes');
    const [answer] = await once(request, 'response');
    answer.resume();
    assert.equal(answer.statusCode, 411);
    assert.equal(await store().stat(key), null);
  });

  test('a PUT that is cut off leaves nothing', async () => {
    const key = newKey();
    await cutOffPut(await store().signPut(key, FOR_CREATORS), 1_000_000);
    await putText(store(), newKey(), 'whatever came before has been dealt with');
    assert.equal(await store().stat(key), null);
    assert.deepEqual(await listAll(store(), key), []);
  });

  test('a URL that has expired answers 403', async () => {
    const key = newKey();
    await putText(store(), key, 'x');
    const upload = await openUpload(store(), newKey(), PART);
    const brief = { audience: 'public', expiresSeconds: 1 } as const;
    const urls: [string, string][] = [
      ['GET', await store().signGet(key, brief)],
      ['PUT', await store().signPut(newKey(), brief)],
      ['PUT', await store().signPart(upload, 1, brief)],
    ];
    for (const [method, url] of urls)
      await waitFor('the URL expires', async () => (await statusOf(method, url)) === 403);
  });

  test('a URL that was altered answers 403', async () => {
    const folder = newKey();
    const key = `${folder}/mine`;
    await putText(store(), key, 'x');
    await putText(store(), `${folder}/other`, 'x');
    const upload = await openUpload(store(), newKey(), 2 * PART);
    const other = await openUpload(store(), newKey(), 2 * PART);
    const get = await store().signGet(key, { ...FOR_CREATORS, contentType: 'video/mp4' });
    const put = await store().signPut(key, FOR_CREATORS);
    const part = await store().signPart(upload, 1, FOR_CREATORS);
    const secondPart = await store().signPart(upload, 2, FOR_CREATORS);
    const altered: [string, string][] = [
      ['GET', get.replace('/mine', '/other')],
      ['GET', get.replace(encodeURIComponent('video/mp4'), encodeURIComponent('text/html'))],
      ['GET', changeDigits(get, /((?:expires|X-Amz-Expires)=)(\d+)/)],
      ['GET', get.replace(/((?:S|s)ignature=)(.)/, (_, name, digit) => name + (digit === '0' ? '1' : '0'))],
      ['PUT', get],
      ['PUT', put.replace('/mine', '/other')],
      ['GET', put],
      ['PUT', mixPartNumbers(part, secondPart)],
      ['PUT', part.replace(upload.uploadId, other.uploadId)],
    ];
    for (const [method, url] of altered) {
      assert.ok(![get, part].includes(url) || method !== 'GET', `nothing was altered: ${url}`);
      assert.equal(await statusOf(method, url), 403, `${method} ${url}`);
    }
    assert.deepEqual(await store().listParts(upload), []);
    assert.deepEqual(await store().listParts(other), []);
    assert.equal((await buffer(await store().get(`${folder}/other`))).toString(), 'x');
  });

  test('each audience gets the address that it can reach', async () => {
    const key = newKey();
    await putText(store(), key, 'x');
    assert.notEqual(origins().public, origins().internal);
    for (const audience of ['public', 'internal'] as const) {
      const url = await store().signGet(key, { audience, expiresSeconds: 60 });
      assert.ok(url.startsWith(`${origins()[audience]}/`), url);
      assert.equal(await statusOf('GET', url), 200);
    }
  });
}

function testUploads({ store, pageSize }: Context): void {
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

function testEndsOfUploads({ store }: Context): void {
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

function newKey(): string {
  return `contract/${randomUUID()}`;
}

function md5(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('hex');
}

function putText(store: ObjectStore, key: string, text: string): Promise<void> {
  const body = Buffer.from(text);
  return store.put(key, body, { contentType: 'text/plain', sizeBytes: body.length });
}

function openUpload(
  store: ObjectStore,
  key: string,
  sizeBytes: number,
  contentType = 'video/mp4',
): Promise<UploadRef> {
  return store.createUpload(key, { contentType, partSizeBytes: PART, sizeBytes });
}

async function openWholeUpload(
  store: ObjectStore,
): Promise<{ upload: UploadRef; parts: StoredPart[]; bytes: Buffer }> {
  const bytes = randomBytes(PART + 100);
  const upload = await openUpload(store, newKey(), bytes.length);
  for (const number of [1, 2]) await putPart(store, upload, number, partOf(bytes, number));
  return { upload, bytes, parts: await store.listParts(upload) };
}

function partOf(bytes: Buffer, number: number): Buffer<ArrayBuffer> {
  return Buffer.from(bytes.subarray((number - 1) * PART, number * PART));
}

function describePart(partNumber: number, bytes: Buffer): StoredPart {
  return { partNumber, sizeBytes: bytes.length, etag: md5(bytes) };
}

async function putPart(
  store: ObjectStore,
  upload: UploadRef,
  partNumber: number,
  body: Buffer<ArrayBuffer>,
): Promise<Response> {
  const answer = await fetch(await store.signPart(upload, partNumber, FOR_CREATORS), { method: 'PUT', body });
  await answer.arrayBuffer();
  return answer;
}

async function statusOf(method: string, url: string): Promise<number> {
  const answer = await fetch(url, method === 'PUT' ? { method, body: 'x' } : { method });
  await answer.arrayBuffer();
  return answer.status;
}

/** Announces `sizeBytes`, sends half of them and cuts the connection. */
async function cutOffPut(url: string, sizeBytes: number): Promise<void> {
  const request = httpRequest(url, { method: 'PUT', headers: { 'Content-Length': sizeBytes } });
  const closed = new Promise<void>((resolve) => request.once('close', resolve));
  request.on('error', () => {});
  await new Promise<void>((sent) => request.write(Buffer.alloc(sizeBytes / 2, 7), () => sent()));
  request.destroy();
  await closed;
}

async function listAll(store: ObjectStore, prefix: string): Promise<StoredObject[]> {
  const found: StoredObject[] = [];
  for await (const object of store.list(prefix)) found.push(object);
  return found;
}

function withoutTime({ key, sizeBytes, etag }: StoredObject): Omit<StoredObject, 'lastModified'> {
  return { key, sizeBytes, etag };
}

function changeDigits(url: string, pattern: RegExp): string {
  return url.replace(pattern, (_, name: string, digits: string) => name + (Number(digits) + 1));
}

/** The first URL with the second one's part number, wherever the store writes it. */
function mixPartNumbers(url: string, other: string): string {
  const { pathname, searchParams } = new URL(other);
  const mixed = new URL(url);
  mixed.pathname = pathname;
  const number = searchParams.get('partNumber');
  if (number !== null) mixed.searchParams.set('partNumber', number);
  return mixed.href;
}

async function inParallel<T>(items: readonly T[], width: number, work: (item: T) => Promise<void>) {
  const queue = items.values();
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (const item of queue) await work(item);
    }),
  );
}
