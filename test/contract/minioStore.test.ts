import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { createMinioStore, ensureBucket } from '@reelmill/shared/drivers/minioStore.ts';
import { signedByOwner, startMinio, useMinio } from '../support/minio.ts';
import { findFreePort } from '../support/processes.ts';
import { testObjectStore } from './objectStore.ts';

const BUCKET = 'contract';
const REGION = 'us-east-1';
const NOWHERE = { accessKey: 'key', secretKey: 'secret-key', bucket: BUCKET, region: REGION };
const MD5 = '9e107d9d372bb6826bd81d3542a419d6';

testObjectStore('the ObjectStore contract, on MinIO', async () => {
  const minio = await startMinio();
  const publicEndpoint = minio.endpoint.replace('127.0.0.1', 'localhost');
  const options = { ...signedByOwner(minio), publicEndpoint, bucket: BUCKET, region: REGION };
  // as several servers do that start together
  await Promise.all([ensureBucket(options), ensureBucket(options)]);
  await ensureBucket(options);
  const store = createMinioStore(options);
  return {
    store,
    origins: { public: publicEndpoint, internal: minio.endpoint },
    pageSize: 1_000,
    limitsPuts: false,
    async stop() {
      await store.close();
      await minio.stop();
    },
  };
});

test('a missing bucket is a store that cannot be used, not an object that is missing', async (t) => {
  const minio = await startMinio();
  t.after(() => minio.stop());
  const store = createMinioStore({
    ...minio,
    publicEndpoint: minio.endpoint,
    bucket: 'none',
    region: REGION,
  });
  t.after(() => store.close());
  const body = Buffer.from('x');
  for (const call of [
    () => store.check(),
    () => store.stat('a'),
    () => store.put('a', body, { contentType: 'a/b', sizeBytes: 1 }),
    () => store.remove(['a']),
  ])
    await assert.rejects(call(), { code: 'unavailable', retryable: true });
});

test('what is too large for one PUT is put in parts, whole or not at all', async (t) => {
  const minio = await useMinio();
  t.after(() => minio.stop());
  const options = { ...minio, publicEndpoint: minio.endpoint, bucket: 'large-puts', region: REGION };
  await ensureBucket(options);
  const store = createMinioStore({ ...options, singlePutBytes: 8 * 1024 ** 2 });
  t.after(() => store.close());
  const bytes = randomBytes(2 * 16 * 1024 ** 2 + 5);
  const body = () => Readable.from([bytes.subarray(0, 7), bytes.subarray(7, 20e6), bytes.subarray(20e6)]);
  await store.put('large', body(), { contentType: 'video/mp4', sizeBytes: bytes.length });
  const stat = await store.stat('large');
  assert.deepEqual([stat?.sizeBytes, stat?.contentType], [bytes.length, 'video/mp4']);
  assert.match(stat?.etag ?? '', /-3$/);
  assert.ok((await buffer(await store.get('large'))).equals(bytes));
  for (const wrong of [bytes.length - 1, bytes.length + 1]) {
    const attempt = store.put('wrong', body(), { contentType: 'video/mp4', sizeBytes: wrong });
    await assert.rejects(attempt, { code: 'size_mismatch' });
  }
  const announced = { contentType: 'video/mp4', sizeBytes: bytes.length, md5: MD5 };
  await assert.rejects(store.put('wrong', body(), announced), { code: 'checksum_mismatch' });
  assert.equal(await store.stat('wrong'), null);
  for await (const upload of store.listUploads()) assert.fail(`${upload.key} is left open`);
});

test('while the store does not answer every call says that it may be tried again, and signing works', async (t) => {
  const endpoint = `http://127.0.0.1:${await findFreePort()}`;
  const publicEndpoint = 'https://videos.example.org';
  const store = createMinioStore({ ...signedByOwner(NOWHERE), endpoint, publicEndpoint });
  t.after(() => store.close());
  const upload = { key: 'a', uploadId: 'b' };
  const parts = [{ partNumber: 1, sizeBytes: 1, etag: MD5 }];
  const plan = { contentType: 'a/b', partSizeBytes: 1, sizeBytes: 1 };
  for (const call of [
    () => store.check(),
    () => store.stat('a'),
    () => store.get('a'),
    () => store.put('a', Readable.from([Buffer.from('x')]), { contentType: 'a/b', sizeBytes: 1 }),
    () => store.createUpload('a', plan),
    () => store.listParts(upload),
    () => store.completeUpload(upload, parts),
    () => store.abortUpload(upload),
    () => store.remove(['a']),
    () => store.list('a')[Symbol.asyncIterator]().next(),
  ])
    await assert.rejects(call(), { code: 'unavailable', retryable: true });
  const url = await store.signPart(upload, 7, { audience: 'public', expiresSeconds: 60 });
  assert.match(url, /^https:\/\/videos\.example\.org\/contract\/a\?partNumber=7&uploadId=b&/);
});

// no store that works does so: a stand-in says that it took other bytes
test('a store that holds other bytes than were sent is one that cannot be used', async (t) => {
  let headers: Record<string, string> = {};
  let page = '';
  const server = createServer((request, response) => {
    request.resume().once('end', () => response.writeHead(200, headers).end(page));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  const endpoint = `http://127.0.0.1:${address.port}`;
  const store = createMinioStore({ ...NOWHERE, endpoint, publicEndpoint: endpoint });
  t.after(async () => {
    await store.close();
    server.close();
  });
  const put = () => store.put('a', Buffer.from('bytes'), { contentType: 'a/b', sizeBytes: 5 });
  const md5 = createHash('md5').update('bytes').digest('hex');
  for (const wrong of [{ etag: `"${MD5}"` }, { etag: '""' }, {}]) {
    headers = wrong;
    await assert.rejects(put(), { code: 'unavailable', retryable: true }, JSON.stringify(wrong));
  }
  page = '<html>Sign in to the network</html>';
  headers = { etag: `"${md5}"` };
  await assert.rejects(put(), { code: 'unavailable', retryable: true });
  page = '';
  // what tells of no MD5 is no proof of other bytes
  const encrypted = { etag: `"${MD5}"`, 'x-amz-server-side-encryption': 'aws:kms' };
  for (const right of [headers, { etag: `W/"${md5}-gzip"` }, encrypted, { 'x-amz-request-id': '1' }]) {
    headers = right;
    await put();
  }
});

// MinIO cannot be made to answer this way, S3 does: so a stand-in says it
test('an error inside an answer of 200 is an error', async (t) => {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'Content-Type': 'application/xml' });
    response.end(
      request.method === 'POST'
        ? '<?xml version="1.0"?><Error><Code>InternalError</Code><Message>Try again.</Message></Error>'
        : `<ListPartsResult><IsTruncated>false</IsTruncated><Part><PartNumber>1</PartNumber><ETag>"${MD5}"</ETag>` +
            '<Size>1</Size><LastModified>2026-01-01T00:00:00.000Z</LastModified></Part></ListPartsResult>',
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  const endpoint = `http://127.0.0.1:${address.port}`;
  const store = createMinioStore({ ...NOWHERE, endpoint, publicEndpoint: endpoint });
  t.after(async () => {
    await store.close();
    server.close();
  });
  const parts = [{ partNumber: 1, sizeBytes: 1, etag: MD5 }];
  await assert.rejects(store.completeUpload({ key: 'a', uploadId: 'b' }, parts), {
    code: 'unavailable',
    message: /InternalError/,
  });
});

test('an endpoint with a path cannot be signed for and is refused', () => {
  const endpoint = 'http://127.0.0.1:9000';
  assert.throws(
    () => createMinioStore({ ...signedByOwner(NOWHERE), endpoint, publicEndpoint: `${endpoint}/s3` }),
    /path/,
  );
});

test('a store without signers signs no public URL, not even with its own key', async (t) => {
  const endpoint = 'http://127.0.0.1:9000';
  const store = createMinioStore({ ...NOWHERE, endpoint, publicEndpoint: endpoint });
  t.after(() => store.close());
  const options = { audience: 'public', expiresSeconds: 60 } as const;
  await assert.rejects(store.signPut('raw/a', options), /no signers/);
  await assert.rejects(store.signGet('raw/a', options), /no signers/);
  await assert.rejects(store.signPart({ key: 'raw/a', uploadId: 'b' }, 1, options), /no signers/);
  await store.signGet('raw/a', { ...options, audience: 'internal' });
});
