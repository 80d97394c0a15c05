import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, open, readdir, rm, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { createServer, request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { errorResponseSchema } from '@reelmill/shared/contracts/errors.ts';
import { createDiskStore, type DiskStore } from '@reelmill/shared/drivers/diskStore.ts';
import type { UploadRef } from '@reelmill/shared/ports/objectStore.ts';
import { waitFor } from '../support/processes.ts';
import { testObjectStore } from './objectStore.ts';

const FOR_CREATORS = { audience: 'public', expiresSeconds: 300 } as const;
const MOUNT = '/store';
const MIB = 1024 ** 2;

async function startDiskStore({ minFreeBytes = 0 } = {}) {
  const root = await mkdtemp(path.join(tmpdir(), 'reelmill-disk-'));
  let port = 0;
  const origins = () => ({
    public: `http://localhost:${port}${MOUNT}`,
    internal: `http://127.0.0.1:${port}${MOUNT}`,
  });
  const open = () => createDiskStore({ root, signingSecret: 'contract', baseUrls: origins, minFreeBytes });
  const store = await open();
  const server = createServer({ requestTimeout: 0 }, async (request, response) => {
    request.url = request.url?.slice(MOUNT.length) ?? '';
    if (!(await store.handle(request, response))) response.writeHead(418).end();
  });
  server.listen(0);
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  port = address.port;
  return {
    store,
    root,
    open,
    origins: origins(),
    pageSize: 50,
    limitsPuts: true,
    async stop() {
      server.close();
      server.closeAllConnections();
      await store.close();
      await rm(root, { recursive: true });
    },
  };
}

testObjectStore('the ObjectStore contract, on a disk', startDiskStore);

describe('what the store on a disk promises beyond the contract', () => {
  let running: Awaited<ReturnType<typeof startDiskStore>>;
  let store: DiskStore;
  before(async () => {
    running = await startDiskStore();
    store = running.store;
  });
  after(async () => {
    await running?.stop();
  });

  test('what a killed writer left goes: empty folders, old descriptions and temporary files; what is new stays', async () => {
    const { root } = running;
    const key = 'processed/1/hls_720p/seg_1_00000.m4s';
    await store.put(key, Buffer.from('x'), { contentType: 'video/mp4', sizeBytes: 1 });
    const old = new Date(Date.now() - 2 * 3_600_000);
    for (const folder of ['hls_480p', 'hls_audio/deep']) {
      await mkdir(path.join(root, 'objects/processed/1', folder), { recursive: true });
      await mkdir(path.join(root, 'meta/processed/1', folder), { recursive: true });
    }
    for (const [name, at] of [
      ['abandoned', old],
      ['coming', new Date()],
    ] as const) {
      const description = path.join(root, 'meta/processed/1', name);
      await writeFile(description, '[]');
      await utimes(description, at, at);
    }
    await store.prune('processed/1/');
    assert.deepEqual((await readdir(path.join(root, 'objects/processed/1'))).sort(), ['hls_720p']);
    assert.deepEqual((await readdir(path.join(root, 'meta/processed/1'))).sort(), ['coming', 'hls_720p']);
    assert.equal((await store.stat(key))?.contentType, 'video/mp4');
    await unlink(path.join(root, 'meta/processed/1/coming'));
    await store.remove([key]);
    await store.prune('processed/1/');
    assert.deepEqual(await readdir(path.join(root, 'objects')), []);
  });

  test('uploads leave so much free on the disk as the floor says, and are told why', async () => {
    const { freeBytes } = (await store.space()) ?? assert.fail('a disk tells');
    const scarce = await createDiskStore({
      root: path.join(running.root, 'scarce'),
      signingSecret: 'contract',
      baseUrls: running.origins,
      minFreeBytes: freeBytes * 2,
    });
    const server = createServer(async (request, response) => {
      request.url = request.url?.slice(MOUNT.length) ?? '';
      await scarce.handle(request, response);
    });
    try {
      server.listen(0);
      await once(server, 'listening');
      const address = server.address();
      assert.ok(address !== null && typeof address === 'object');
      const upload = await scarce.createUpload('raw/b', {
        contentType: 'video/mp4',
        partSizeBytes: 10,
        sizeBytes: 10,
      });
      for (const url of [
        await scarce.signPut('raw/a', FOR_CREATORS),
        await scarce.signPart(upload, 1, { ...FOR_CREATORS, sizeBytes: 10 }),
      ]) {
        const { pathname, search } = new URL(url);
        const answer = await fetch(`http://127.0.0.1:${address.port}${pathname}${search}`, {
          method: 'PUT',
          body: '0123456789',
        });
        assert.equal(answer.status, 507);
        assert.match(await answer.text(), /"insufficient_storage".*must stay free/);
      }
      assert.equal(await scarce.stat('raw/a'), null);
      assert.deepEqual(await scarce.listParts(upload), []);
      // what transcodes make still has the room that was kept
      await scarce.put('processed/a', Buffer.from('x'), { contentType: 'a/b', sizeBytes: 1 });
    } finally {
      server.close();
      server.closeAllConnections();
      await scarce.close();
    }
  });

  test('what is announced and never sent keeps no room from others', async () => {
    const { freeBytes } = (await store.space()) ?? assert.fail('a disk tells');
    const roomBytes = Math.floor(freeBytes / 2);
    const scarce = await startDiskStore({ minFreeBytes: freeBytes - roomBytes });
    try {
      const urls = await Promise.all(
        ['raw/a', 'raw/b', 'raw/c'].map((key) => scarce.store.signPut(key, FOR_CREATORS)),
      );
      const senders = urls.map((url) => startPut(url, Math.floor(roomBytes * 0.75), Buffer.alloc(1)));
      await waitFor('all of them to be received', async () => {
        assert.deepEqual(await Promise.all(senders.map(({ status }) => status())), [null, null, null]);
        return (await readdir(path.join(scarce.root, 'tmp'))).length === urls.length;
      });
      const answer = await fetch(await scarce.store.signPut('raw/d', FOR_CREATORS), {
        method: 'PUT',
        body: Buffer.alloc(1_000_000),
      });
      assert.equal(answer.status, 200, await answer.text());
      // what would not even fit alone is refused before it is sent
      const tooLarge = startPut(
        await scarce.store.signPut('raw/e', FOR_CREATORS),
        freeBytes,
        Buffer.alloc(1),
      );
      await waitFor('a refusal', async () => tooLarge.status() === 507);
      for (const sender of [...senders, tooLarge]) sender.destroy();
    } finally {
      await scarce.stop();
    }
  });

  test('an upload ends where the disk fills up meanwhile, and leaves nothing', async () => {
    const { freeBytes } = (await store.space()) ?? assert.fail('a disk tells');
    const scarce = await startDiskStore({ minFreeBytes: freeBytes - 512 * MIB });
    try {
      const announcedBytes = 64 * MIB;
      const upload = await scarce.store.createUpload('raw/parts', {
        contentType: 'video/mp4',
        partSizeBytes: announcedBytes,
        sizeBytes: announcedBytes,
      });
      const senders = [
        await scarce.store.signPut('raw/single', FOR_CREATORS),
        await scarce.store.signPart(upload, 1, FOR_CREATORS),
      ].map((url) => startPut(url, announcedBytes, Buffer.alloc(MIB)));
      await waitFor('the first bytes to arrive', async () => {
        const [single] = await readdir(path.join(scarce.root, 'tmp'));
        return single !== undefined && (await stat(path.join(scarce.root, 'tmp', single))).size > 0;
      });
      await fillDisk(path.join(scarce.root, 'ballast'), 768 * MIB);
      for (const { more, status, text } of senders) {
        await waitFor('the refusal', async () => {
          if (status() === null) more(Buffer.alloc(64 * 1024));
          return status() !== null;
        });
        assert.equal(status(), 507);
        await waitFor('the text of the refusal', async () => /insufficient_storage/.test(text()));
      }
      // also of senders that fall silent
      await waitFor('what was received to go', async () => {
        return (await readdir(path.join(scarce.root, 'tmp'))).length === 0;
      });
      assert.equal(await scarce.store.stat('raw/single'), null);
      assert.deepEqual(await scarce.store.listParts(upload), []);
      for (const { destroy } of senders) destroy();
      await rm(path.join(scarce.root, 'ballast'));
      await waitFor('room again', async () => {
        const url = await scarce.store.signPut('raw/single', FOR_CREATORS);
        return (await fetch(url, { method: 'PUT', body: Buffer.alloc(MIB) })).status === 200;
      });
    } finally {
      await scarce.stop();
    }
  });

  test('a newer PUT of a single URL puts an end to an older one, as does the end of the URL', async () => {
    const url = await store.signPut('raw/newer', FOR_CREATORS);
    const receiving = async () => (await readdir(path.join(running.root, 'tmp'))).length;
    const older = startPut(url, 100_000, Buffer.alloc(50_000));
    await waitFor('the older one to be received', async () => (await receiving()) === 1);
    assert.equal((await fetch(url, { method: 'PUT', body: 'newer' })).status, 200);
    await waitFor('the older one to end', async () => older.status() === 503 || older.ended());
    assert.equal((await buffer(await store.get('raw/newer'))).toString(), 'newer');
    const silent = startPut(url, 100_000, Buffer.alloc(50_000));
    await waitFor('another to be received', async () => (await receiving()) === 1);
    await store.endPut('raw/newer');
    assert.equal(await receiving(), 0);
    await waitFor('it to end', async () => silent.status() === 503 || silent.ended());
    for (const sender of [older, silent]) sender.destroy();
    assert.equal((await fetch(url, { method: 'PUT', body: 'late' })).status, 403);
    assert.equal((await buffer(await store.get('raw/newer'))).toString(), 'newer');
  });

  test('marks of URLs that ended long ago go while the store is open', async (t) => {
    const ended = path.join(running.root, 'ended');
    await store.endPut('raw/long-ago');
    for (const name of await readdir(ended)) await utimes(path.join(ended, name), new Date(0), new Date(0));
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 2 * 3_600_000 });
    await store.endPut('raw/now');
    assert.equal((await readdir(ended)).length, 1);
    const url = await store.signPut('raw/now', FOR_CREATORS);
    assert.equal((await fetch(url, { method: 'PUT', body: 'x' })).status, 403);
  });

  const put = (key: string, text: string) =>
    store.put(key, Buffer.from(text), { contentType: 'text/plain', sizeBytes: text.length });
  const openUpload = (key: string, sizeBytes: number, partSizeBytes = sizeBytes) =>
    store.createUpload(key, { contentType: 'video/mp4', partSizeBytes, sizeBytes });
  const sendPart = async (url: string, body: string) => {
    const answer = await fetch(url, { method: 'PUT', body });
    await answer.arrayBuffer();
    return answer.status;
  };
  const waitUntilReceiving = (upload: UploadRef) =>
    waitFor('a part is being received', async () => {
      const error: unknown = await store.completeUpload(upload, []).catch((thrown: unknown) => thrown);
      return error instanceof Error && /still being received/.test(error.message);
    });

  test('other paths are left to others', async () => {
    assert.equal((await fetch(`${running.origins.public}/elsewhere`)).status, 418);
  });

  test('a signed GET also answers HEAD and conditions', async () => {
    await put('head', 'bytes');
    const url = await store.signGet('head', FOR_CREATORS);
    const head = await fetch(url, { method: 'HEAD' });
    assert.equal(head.status, 200);
    assert.equal(head.headers.get('content-length'), '5');
    const etag = head.headers.get('etag') ?? '';
    assert.equal((await fetch(url, { headers: { 'If-None-Match': etag } })).status, 304);
    const range = { Range: 'bytes=1-2' };
    const same = await fetch(url, { headers: { ...range, 'If-Range': etag } });
    assert.deepEqual([same.status, await same.text()], [206, 'yt']);
    const other = await fetch(url, { headers: { ...range, 'If-Range': '"other"' } });
    assert.deepEqual([other.status, await other.text()], [200, 'bytes']);
  });

  test('conditions and caches, as RFC 9110 has them', async () => {
    const key = 'processed/7/hls_720p/seg_1_00000.m4s';
    await put(key, 'bytes');
    await put('raw/7/film.mp4', 'bytes');
    const ask = async (signed: string, headers: Record<string, string>) => {
      const response = await fetch(signed, { headers });
      return [response.status, await response.text()];
    };
    const url = await store.signGet(key, FOR_CREATORS);
    const { headers } = await fetch(url);
    const etag = headers.get('etag') ?? '';
    const modified = headers.get('last-modified') ?? '';
    assert.equal(headers.get('cache-control'), 'private, max-age=31536000, immutable');
    const source = await fetch(await store.signGet('raw/7/film.mp4', FOR_CREATORS));
    assert.equal(source.headers.get('cache-control'), 'private, no-cache');
    for (const condition of [
      { 'If-None-Match': `W/${etag}` },
      { 'If-None-Match': `"other", ${etag}` },
      { 'If-None-Match': '*' },
      { 'If-Modified-Since': modified },
    ]) {
      const unchanged = await fetch(url, { headers: condition });
      assert.equal(unchanged.status, 304, JSON.stringify(condition));
      assert.equal(unchanged.headers.get('etag'), etag);
      assert.match(unchanged.headers.get('cache-control') ?? '', /immutable/);
    }
    assert.deepEqual(await ask(url, { 'If-Modified-Since': new Date(0).toUTCString() }), [200, 'bytes']);
    assert.deepEqual(await ask(url, { 'If-None-Match': '"other"', 'If-Modified-Since': modified }), [
      200,
      'bytes',
    ]);
    assert.equal((await ask(url, { 'If-Match': `W/${etag}` }))[0], 412);
    assert.deepEqual(await ask(url, { 'If-Match': `"other", ${etag}` }), [200, 'bytes']);
  });

  test('a PUT honours conditions, and leaves what is there where they do not hold', async () => {
    const url = await store.signPut('conditional', FOR_CREATORS);
    const send = async (body: string, headers: Record<string, string>) => {
      const response = await fetch(url, { method: 'PUT', body, headers });
      return {
        status: response.status,
        etag: response.headers.get('etag') ?? '',
        text: await response.text(),
      };
    };
    assert.equal((await send('zero', { 'If-Match': '*' })).status, 412);
    const { status, etag } = await send('first', { 'If-None-Match': '*' });
    assert.equal(status, 200);
    assert.equal((await send('second', { 'If-None-Match': '*' })).status, 412);
    assert.equal((await send('third', { 'If-Match': '"other"' })).status, 412);
    assert.equal((await buffer(await store.get('conditional'))).toString(), 'first');
    assert.equal((await send('fourth', { 'If-Match': etag })).status, 200);
  });

  test('errors have the shape of the API, and other methods are refused with those that there are', async () => {
    const upload = await openUpload('shape', 10);
    const object = await store.signGet('head', FOR_CREATORS);
    const part = await store.signPart(upload, 1, FOR_CREATORS);
    for (const [signed, init, status, allow] of [
      [object, { headers: { Range: 'bytes=99-' } }, 416, null],
      [object, { method: 'DELETE' }, 405, 'GET, HEAD, PUT, OPTIONS'],
      [part, { method: 'GET' }, 405, 'PUT, OPTIONS'],
      [part, { method: 'PUT', body: 'x'.repeat(11) }, 413, null],
      [`${object}0`, {}, 403, null],
    ] as const) {
      const response = await fetch(signed, init);
      assert.equal(response.status, status, signed);
      assert.equal(response.headers.get('allow'), allow);
      assert.match(errorResponseSchema.parse(await response.json()).error.request_id, /^[\da-f-]{36}$/);
    }
    const options = await fetch(part, { method: 'OPTIONS' });
    assert.deepEqual([options.status, options.headers.get('allow')], [204, 'PUT, OPTIONS']);
    await store.abortUpload(upload);
  });

  test('of fifty PUTs of one part at once the last counts, and the others are told so', async () => {
    const upload = await openUpload('fifty', 64 * 1024);
    const url = await store.signPart(upload, 1, FOR_CREATORS);
    const responses = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const response = await fetch(url, { method: 'PUT', body: randomBytes(64 * 1024) });
        return { status: response.status, etag: response.headers.get('etag'), text: await response.text() };
      }),
    );
    const taken = responses.filter(({ status }) => status === 200);
    const refused = responses.filter(({ status }) => status !== 200);
    assert.ok(taken.length > 0);
    for (const { status, text } of refused) {
      const { error } = errorResponseSchema.parse(JSON.parse(text));
      assert.deepEqual([status, error.code], [409, 'state_conflict']);
    }
    const [part, ...others] = await store.listParts(upload);
    assert.equal(others.length, 0);
    assert.ok(taken.some(({ etag }) => etag === `"${part?.etag}"`));
    await store.abortUpload(upload);
  });

  test('paths that would leave the store, or carry no signature, answer 403', async () => {
    for (const raw of ['/objects/..%2f..%2f..%2fetc%2fpasswd', '/objects/%00', '/objects/%', '/objects/head'])
      assert.equal((await fetch(`${running.origins.public}${raw}?expires=99999999999`)).status, 403, raw);
    const url = await store.signGet('head', FOR_CREATORS);
    assert.equal((await fetch(`${url}00`)).status, 403);
    assert.equal((await fetch(url, { method: 'PUT', body: 'x' })).status, 403);
  });

  test('a part that would reach beyond its slot is refused', async () => {
    const upload = await openUpload('slots', 15, 10);
    assert.equal(await sendPart(await store.signPart(upload, 1, FOR_CREATORS), 'x'.repeat(11)), 413);
    assert.equal(await sendPart(await store.signPart(upload, 2, FOR_CREATORS), 'x'.repeat(6)), 413);
    assert.equal(await sendPart(await store.signPart(upload, 3, FOR_CREATORS), 'x'), 413);
    assert.deepEqual(await store.listParts(upload), []);
    assert.equal(await sendPart(await store.signPart(upload, 1, FOR_CREATORS), 'x'.repeat(10)), 200);
    assert.equal(await sendPart(await store.signPart(upload, 2, FOR_CREATORS), 'x'.repeat(4)), 200);
    const parts = await store.listParts(upload);
    await assert.rejects(store.completeUpload(upload, parts), { code: 'size_mismatch' });
    await store.abortUpload(upload);
  });

  test('a newer attempt at a part puts an end to an older one that hangs', async () => {
    const bytes = randomBytes(200_000).toString('hex');
    const upload = await openUpload('hanging', bytes.length);
    const url = await store.signPart(upload, 1, FOR_CREATORS);
    const older = startHangingPut(url, bytes.length);
    await waitUntilReceiving(upload);
    assert.equal(await sendPart(url, bytes), 200);
    await older.closed;
    await store.completeUpload(upload, await store.listParts(upload));
    assert.equal((await buffer(await store.get('hanging'))).toString(), bytes);
  });

  test('an upload is neither completed nor left behind while a part is on its way', async () => {
    const upload = await openUpload('busy', 100_000);
    const url = await store.signPart(upload, 1, FOR_CREATORS);
    const hanging = startHangingPut(url, 100_000);
    await waitUntilReceiving(upload);
    await store.abortUpload(upload);
    await hanging.closed;
    assert.equal((await readdir(path.join(running.root, 'uploads'))).includes(upload.uploadId), false);
  });

  test('another process goes on where the first one was killed', async () => {
    const upload = await openUpload('resumed', 10, 5);
    await sendPart(await store.signPart(upload, 1, FOR_CREATORS), 'first');
    const reopened = await running.open();
    assert.deepEqual(
      (await reopened.listParts(upload)).map(({ partNumber }) => partNumber),
      [1],
    );
    await sendPart(await reopened.signPart(upload, 2, FOR_CREATORS), 'secon');
    await reopened.completeUpload(upload, await reopened.listParts(upload));
    assert.equal((await buffer(await reopened.get('resumed'))).toString(), 'firstsecon');
    await reopened.close();
  });

  test('completing goes on after a crash between joining and tidying', async () => {
    const upload = await openUpload('crashed', 5);
    await sendPart(await store.signPart(upload, 1, FOR_CREATORS), 'bytes');
    const parts = await store.listParts(upload);
    const folder = path.join(running.root, 'uploads', upload.uploadId);
    const saved = path.join(running.root, 'saved');
    await cp(folder, saved, { recursive: true });
    const object = await store.completeUpload(upload, parts);
    await cp(saved, folder, { recursive: true });
    await unlink(path.join(folder, 'data'));
    assert.deepEqual(await store.completeUpload(upload, parts), object);
    assert.equal((await readdir(path.join(running.root, 'uploads'))).includes(upload.uploadId), false);
    await rm(saved, { recursive: true });
  });

  test('a start clears what a crash left half written, and nothing that is under way', async () => {
    const tmp = path.join(running.root, 'tmp');
    await writeFile(path.join(tmp, 'old'), 'x');
    await utimes(path.join(tmp, 'old'), new Date(0), new Date(0));
    await writeFile(path.join(tmp, 'new'), 'x');
    await (await running.open()).close();
    assert.deepEqual(await readdir(tmp), ['new']);
    await unlink(path.join(tmp, 'new'));
  });

  test('an object that is being read stays whole while it is replaced', async () => {
    const bytes = randomBytes(5_000_000);
    await store.put('read', bytes, { contentType: 'a/b', sizeBytes: bytes.length });
    const reading = await store.get('read');
    await put('read', 'other');
    assert.ok((await buffer(reading)).equals(bytes));
  });

  test('a key cannot be an object and the folder of another', async () => {
    await put('single', 'x');
    await assert.rejects(put('single/below', 'x'), { code: 'validation_failed' });
    assert.equal((await buffer(await store.get('single'))).toString(), 'x');
  });

  test('removing the last object of a folder removes the folder', async () => {
    await put('tidy/a/b', 'x');
    await store.remove(['tidy/a/b']);
    assert.equal((await readdir(path.join(running.root, 'objects'))).includes('tidy'), false);
    assert.equal((await readdir(path.join(running.root, 'meta'))).includes('tidy'), false);
  });

  test('a file without a description, or with a damaged one, can be read', async () => {
    await put('bare', 'bytes');
    for (const damage of [
      () => writeFile(path.join(running.root, 'meta', 'bare'), ''),
      () => unlink(path.join(running.root, 'meta', 'bare')),
    ]) {
      await damage();
      assert.equal((await store.stat('bare'))?.sizeBytes, 5);
      assert.equal((await buffer(await store.get('bare'))).toString(), 'bytes');
    }
  });

  test('a store whose folder is gone says so', async () => {
    const lost = await startDiskStore();
    await rm(path.join(lost.root, 'objects'), { recursive: true });
    await assert.rejects(lost.store.check(), { code: 'unavailable', retryable: true });
    await lost.stop();
  });
});

/** Begins a PUT of `sizeBytes`, sends half of them and no more. */
function startHangingPut(url: string, sizeBytes: number): { closed: Promise<void> } {
  const request = httpRequest(url, { method: 'PUT', headers: { 'Content-Length': sizeBytes } });
  const closed = new Promise<void>((resolve) => request.once('close', resolve));
  request.on('error', () => {});
  request.write(Buffer.alloc(Math.floor(sizeBytes / 2)));
  return { closed };
}

/** Begins a PUT of `sizeBytes` with the first of them. */
function startPut(url: string, sizeBytes: number, first: Buffer) {
  const request = httpRequest(url, { method: 'PUT', headers: { 'Content-Length': sizeBytes } });
  let status: number | null = null;
  let ended = false;
  let text = '';
  request.once('close', () => {
    ended = true;
  });
  request.once('response', (response) => {
    status = response.statusCode ?? null;
    response.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
  });
  request.on('error', () => {});
  request.write(first);
  return {
    more: (bytes: Buffer) => request.write(bytes),
    /** Null until the response begins. */
    status: () => status,
    text: () => text,
    ended: () => ended,
    destroy: () => request.destroy(),
  };
}

async function fillDisk(filePath: string, sizeBytes: number): Promise<void> {
  const piece = randomBytes(MIB);
  const file = await open(filePath, 'wx');
  try {
    for (let written = 0; written < sizeBytes; written += piece.length) await file.write(piece);
    await file.sync();
  } finally {
    await file.close();
  }
}
