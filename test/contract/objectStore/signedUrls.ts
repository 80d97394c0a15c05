import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { waitFor } from '../../support/processes.ts';
import {
  type Context,
  changeDigits,
  cutOffPut,
  FOR_CREATORS,
  listAll,
  md5,
  mixPartNumbers,
  newKey,
  openUpload,
  PART,
  putText,
  statusOf,
} from './storeUnderTest.ts';

export function testSignedUrls({ store, origins }: Context): void {
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

  test('caches are told to keep for good what is written once, and to ask again for everything else', async () => {
    const cases = [
      ['processed/7/hls_720p/seg_1_00042_815-3fa9c2d1e0b7.m4s', 'private, max-age=31536000, immutable'],
      ['processed/7/cover.jpg', 'private, no-cache'],
      ['processed/7/hls_720p/720p.m3u8', 'private, no-cache'],
    ] as const;
    for (const [key, expected] of cases) {
      await putText(store(), key, 'content');
      const answer = await fetch(await store().signGet(key, FOR_CREATORS));
      assert.deepEqual([answer.status, await answer.text()], [200, 'content']);
      assert.equal(answer.headers.get('cache-control'), expected, key);
    }
    await store().remove(cases.map(([key]) => key));
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
