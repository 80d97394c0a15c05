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
  FOR_CREATORS,
  listAll,
  newKey,
  openUpload,
  PART,
  putText,
  statusOf,
} from './storeUnderTest.ts';

/** How much a signed URL grants, and for how long. */
export function testGrants({ store, limitsPuts }: Context): void {
  test('a part URL that names a size takes a part of exactly that size', async () => {
    const upload = await openUpload(store(), newKey(), 2 * PART);
    const url = await store().signPart(upload, 1, { ...FOR_CREATORS, sizeBytes: PART });
    for (const wrong of [0, 1, PART - 1, PART + 1, 2 * PART]) {
      const answer = await fetch(url, { method: 'PUT', body: Buffer.alloc(wrong) });
      assert.ok([400, 403].includes(answer.status), `${wrong} bytes: ${answer.status}`);
      await answer.arrayBuffer();
    }
    assert.deepEqual(await store().listParts(upload), []);
    const unnamed = changeDigits(url, /((?:size|SignedHeaders)=)(\d+)/);
    if (unnamed !== url) assert.equal(await statusOf('PUT', unnamed), 403);
    assert.equal(
      await statusOf('PUT', url.replace('content-length%3B', '')),
      url.includes('%3B') ? 403 : 400,
    );
    const right = await fetch(url, { method: 'PUT', body: randomBytes(PART) });
    assert.equal(right.status, 200);
    await right.arrayBuffer();
    assert.deepEqual(
      (await store().listParts(upload)).map(({ sizeBytes }) => sizeBytes),
      [PART],
    );
    await store().abortUpload(upload);
  });

  test('a part URL that names a size takes no body of unknown length', async () => {
    const upload = await openUpload(store(), newKey(), PART);
    const request = httpRequest(await store().signPart(upload, 1, { ...FOR_CREATORS, sizeBytes: PART }), {
      method: 'PUT',
      headers: { 'Transfer-Encoding': 'chunked' },
    });
    request.on('error', () => {});
    request.end(Buffer.alloc(PART));
    const [answer] = await once(request, 'response');
    answer.resume();
    assert.ok([403, 411].includes(answer.statusCode), String(answer.statusCode));
    assert.deepEqual(await store().listParts(upload), []);
    await store().abortUpload(upload);
  });

  test('a PUT of more than its URL allows responds 413 where the store can tell', async (t) => {
    if (!limitsPuts()) return t.skip('S3 signs a length that must be, and none that may be');
    const key = newKey();
    const url = await store().signPut(key, { ...FOR_CREATORS, maxBytes: 1_000 });
    const tooLarge = await fetch(url, { method: 'PUT', body: Buffer.alloc(1_001) });
    assert.equal(tooLarge.status, 413);
    assert.match(await tooLarge.text(), /too_large/);
    assert.equal(await statusOf('PUT', changeDigits(url, /(max=)(\d+)/)), 403);
    assert.equal(await statusOf('PUT', url.replace(/max=\d+&?/, '')), 403);
    assert.equal(await store().stat(key), null);
    const right = await fetch(url, { method: 'PUT', body: Buffer.alloc(1_000) });
    assert.equal(right.status, 200);
    await right.arrayBuffer();
  });

  test('a URL that has ended puts nothing any more, nor does what is under way', async (t) => {
    const key = newKey();
    const url = await store().signPut(key, FOR_CREATORS);
    assert.equal(await statusOf('PUT', url), 200);
    const slow = httpRequest(url, { method: 'PUT', headers: { 'Content-Length': 2_000 } });
    const outcome = new Promise<number | undefined | 'closed'>((resolve) => {
      slow.once('response', ({ statusCode }) => resolve(statusCode));
      slow.once('close', () => resolve('closed'));
    });
    slow.on('error', () => {});
    await new Promise<void>((sent) => slow.write(Buffer.alloc(1_000), () => sent()));
    await store().endPut(key);
    await store().endPut(key);
    await store().remove([key]);
    if (!limitsPuts()) {
      slow.destroy();
      return t.skip('S3 URLs end when they expire');
    }
    slow.end(Buffer.alloc(1_000));
    // refused where it comes to be received only now
    assert.ok(['closed', 403].includes((await outcome) ?? ''));
    slow.destroy();
    assert.equal(await statusOf('PUT', url), 403);
    assert.equal(await statusOf('PUT', await store().signPut(key, FOR_CREATORS)), 403);
    assert.deepEqual(await listAll(store(), key), []);
    // nobody else is affected
    assert.equal(await statusOf('PUT', await store().signPut(`${key}-2`, FOR_CREATORS)), 200);
  });

  test('a copy has the content that was asked for, and keeps it', async () => {
    const [from, to] = [newKey(), newKey()];
    await putText(store(), from, 'alpha');
    const first = await store().stat(from);
    assert.ok(first);
    const copied = await store().copy(first, to);
    assert.deepEqual([copied.key, copied.sizeBytes, copied.etag], [to, 5, first.etag]);
    assert.equal((await store().stat(to))?.contentType, 'text/plain');

    // a late PUT of the original, through a URL as well
    const late = await fetch(await store().signPut(from, FOR_CREATORS), { method: 'PUT', body: 'bravo' });
    assert.equal(late.status, 200);
    await late.arrayBuffer();
    assert.equal((await buffer(await store().get(to))).toString(), 'alpha');
    await assert.rejects(store().copy(first, newKey()), { code: 'precondition_failed' });

    await store().remove([from]);
    assert.equal((await buffer(await store().get(to))).toString(), 'alpha');
    assert.deepEqual(
      (await listAll(store(), to)).map(({ key }) => key),
      [to],
    );
    await assert.rejects(store().copy(first, newKey()), { code: 'not_found' });
  });

  test('a GET that expects one content gets no other', async () => {
    const key = newKey();
    await putText(store(), key, 'alpha');
    const { etag, lastModified } = (await store().stat(key)) ?? assert.fail('it is there');
    const url = await store().signGet(key, FOR_CREATORS);
    const get = async (headers: Record<string, string>) => {
      const answer = await fetch(url, { headers });
      return [answer.status, await answer.text()] as const;
    };
    const since = { 'If-Unmodified-Since': lastModified.toUTCString() };
    const expected = { 'If-Match': `"${etag}"` };
    assert.deepEqual(await get(expected), [200, 'alpha']);
    assert.deepEqual(await get({ ...expected, Range: 'bytes=1-2' }), [206, 'lp']);
    assert.deepEqual(await get(since), [200, 'alpha']);
    assert.equal((await get({ 'If-Match': '"0123456789abcdef0123456789abcdef"' }))[0], 412);
    assert.equal((await get({ 'If-Unmodified-Since': new Date(0).toUTCString() }))[0], 412);

    await waitFor('another second', async () => {
      await putText(store(), key, 'bravo');
      const now = await store().stat(key);
      return (
        Math.floor((now?.lastModified.getTime() ?? 0) / 1000) > Math.floor(lastModified.getTime() / 1000)
      );
    });
    for (const headers of [expected, since, { ...expected, ...since }, { ...expected, Range: 'bytes=0-1' }]) {
      const [status, body] = await get(headers);
      assert.equal(status, 412, JSON.stringify(headers));
      assert.doesNotMatch(body, /alpha|bravo/);
    }
  });
}
