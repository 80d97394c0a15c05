import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { LIMITS } from '@reelmill/shared/contracts/limits.ts';
import { createMinioStore } from '@reelmill/shared/drivers/minioStore.ts';
import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import { type Caddy, findCaddyAddresses, startCaddy } from '../support/caddy.ts';
import { setUpStore } from '../support/farmUsers.ts';
import { type RunningMinio, startMinio } from '../support/minio.ts';

/*
 * Whoever has a public URL may send any header with it: a store checks those that were signed and obeys the others, with
 * the rights of the user who signed. Here every header of S3 is sent with every kind of URL, to a MinIO with the very
 * users and policies of compose, directly and through the Caddy of `deploy/caddy`.
 */

const BUCKET = 'reelmill';
const PRIVATE = Buffer.from(`a private segment of somebody else ${randomBytes(8).toString('hex')}`);
const PRIVATE_KEY = 'processed/7-0123456789abcdef0123456789abcdef/hls_720p/seg_1_00000.m4s';
const PRIVATE_SOURCE = 'raw/7-0123456789abcdef0123456789abcdef/film.mp4';
const MINE = Buffer.from('what this creator sends');
const FOR_PUBLIC = { audience: 'public', expiresSeconds: 300 } as const;

const md5 = (bytes: Buffer) => createHash('md5').update(bytes).digest('base64');
const customerKey = randomBytes(32);
const CUSTOMER_KEY = {
  algorithm: 'AES256',
  key: customerKey.toString('base64'),
  'key-md5': md5(customerKey),
};
const copyOf = (key: string, encode = false) =>
  encode ? encodeURIComponent(`${BUCKET}/${key}`) : `/${BUCKET}/${key}`;
const withPrefix = (prefix: string, headers: Record<string, string>) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [`${prefix}${name}`, value]));

/** Every `x-amz-*` header that a request on an object may carry, alone or with those that it needs. */
const HOSTILE: Record<string, string>[] = [
  ...[PRIVATE_KEY, PRIVATE_SOURCE].flatMap((key) => [
    { 'x-amz-copy-source': copyOf(key) },
    { 'X-AMZ-COPY-SOURCE': copyOf(key).slice(1) },
    { 'x-amz-copy-source': copyOf(key, true) },
    { 'x-amz-copy-source': `${copyOf(key)}?versionId=null` },
    { 'x-amz-copy-source': copyOf(key), 'x-amz-copy-source-range': 'bytes=0-9' },
    { 'x-amz-copy-source': copyOf(key), 'x-amz-metadata-directive': 'REPLACE' },
    { 'x-amz-copy-source': copyOf(key), 'x-amz-tagging-directive': 'COPY' },
    { 'x-amz-copy-source': copyOf(key), 'x-amz-copy-source-if-match': '*' },
    { 'x-amz-copy-source': copyOf(key), 'x-amz-copy-source-if-none-match': 'x' },
    { 'x-amz-copy-source': copyOf(key), 'x-amz-copy-source-if-modified-since': new Date(0).toUTCString() },
    {
      'x-amz-copy-source': copyOf(key),
      'x-amz-copy-source-if-unmodified-since': 'Fri, 01 Jan 2100 00:00:00 GMT',
    },
    {
      'x-amz-copy-source': copyOf(key),
      ...withPrefix('x-amz-copy-source-server-side-encryption-customer-', CUSTOMER_KEY),
    },
    { 'x-amz-rename-source': copyOf(key) },
  ]),
  ...['private', 'public-read', 'public-read-write', 'bucket-owner-full-control'].map((acl) => ({
    'x-amz-acl': acl,
  })),
  ...['full-control', 'read', 'read-acp', 'write', 'write-acp'].map((grant) => ({
    [`x-amz-grant-${grant}`]: 'uri="http://acs.amazonaws.com/groups/global/AllUsers"',
  })),
  { 'x-amz-meta-mine': 'x' },
  { 'x-amz-tagging': 'owner=somebody' },
  { 'x-amz-storage-class': 'REDUCED_REDUNDANCY' },
  { 'x-amz-storage-class': 'GLACIER' },
  { 'x-amz-website-redirect-location': 'https://example.org/' },
  { 'x-amz-object-lock-mode': 'COMPLIANCE', 'x-amz-object-lock-retain-until-date': '2100-01-01T00:00:00Z' },
  { 'x-amz-object-lock-legal-hold': 'ON' },
  { 'x-amz-bypass-governance-retention': 'true' },
  { 'x-amz-server-side-encryption': 'AES256' },
  { 'x-amz-server-side-encryption': 'aws:kms', 'x-amz-server-side-encryption-aws-kms-key-id': 'mine' },
  { 'x-amz-server-side-encryption-context': 'e30=' },
  { 'x-amz-server-side-encryption-bucket-key-enabled': 'true' },
  withPrefix('x-amz-server-side-encryption-customer-', CUSTOMER_KEY),
  ...['crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256'].map((sum) => ({
    [`x-amz-checksum-${sum}`]: 'AAAAAA==',
  })),
  { 'x-amz-sdk-checksum-algorithm': 'SHA256' },
  { 'x-amz-checksum-mode': 'ENABLED' },
  { 'x-amz-trailer': 'x-amz-checksum-crc32' },
  { 'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER', 'x-amz-decoded-content-length': '1' },
  { 'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD', 'x-amz-decoded-content-length': '1' },
  { 'x-amz-content-sha256': '0'.repeat(64) },
  { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
  { 'x-amz-security-token': 'mine' },
  { 'x-amz-date': '20000101T000000Z' },
  { 'x-amz-expected-bucket-owner': '000000000000' },
  { 'x-amz-source-expected-bucket-owner': '000000000000' },
  { 'x-amz-request-payer': 'requester' },
  { 'x-amz-mfa': 'serial 000000' },
  { 'x-amz-object-attributes': 'ETag,ObjectSize' },
  { 'x-amz-optional-object-attributes': 'RestoreStatus' },
  { 'x-amz-write-offset-bytes': '0' },
  { 'x-amz-bucket-region': 'elsewhere' },
  { 'x-amz-version-id': 'null' },
  { 'x-minio-force-delete': 'true' },
  { 'x-minio-extract': 'true' },
  { 'x-minio-replication-actual-object-size': '1' },
  { 'x-minio-source-replication-request': 'true', 'x-minio-source-mtime': '2000-01-01T00:00:00Z' },
  { 'x-minio-source-etag': 'mine' },
  // another way to say who one is must not make the store or the proxy look away
  { Authorization: 'Bearer x', 'x-amz-copy-source': copyOf(PRIVATE_KEY) },
  { Authorization: 'AWS4-HMAC-SHA256 Credential=x', 'x-amz-copy-source': copyOf(PRIVATE_KEY) },
  { Authorization: 'AWS reelmill-server:x', 'x-amz-copy-source': copyOf(PRIVATE_KEY) },
];
/** What an object must not have got from them. Tags, metadata and storage class end with the copy that is accepted. */
const ATTRIBUTES = [
  'x-amz-website-redirect-location',
  'x-amz-object-lock-mode',
  'x-amz-object-lock-legal-hold',
  'x-amz-server-side-encryption-customer-algorithm',
  'x-amz-replication-status',
];

let minio: RunningMinio;
let caddy: Caddy;
let owner: ObjectStore;
/** The same store as the world reaches it, in both ways. */
const stores: Record<'directly' | 'through Caddy', ObjectStore | undefined> = {
  directly: undefined,
  'through Caddy': undefined,
};

before(async () => {
  minio = await startMinio();
  const users = await setUpStore(minio);
  const addresses = await findCaddyAddresses();
  caddy = await startCaddy(addresses, { api: '127.0.0.1:1', store: new URL(minio.endpoint).host });
  const place = { endpoint: minio.endpoint, bucket: BUCKET, region: 'us-east-1', publicSigners: users };
  const open = (publicEndpoint: string) => createMinioStore({ ...place, ...users.server, publicEndpoint });
  stores.directly = open(minio.endpoint);
  stores['through Caddy'] = open(addresses.storePublicUrl);
  owner = stores.directly;
  for (const key of [PRIVATE_KEY, PRIVATE_SOURCE]) {
    await owner.put(key, PRIVATE, { contentType: 'video/mp4', sizeBytes: PRIVATE.length });
  }
});
after(async () => {
  await Promise.all(Object.values(stores).map((store) => store?.close()));
  await caddy?.stop();
  await minio?.stop();
});

for (const way of ['directly', 'through Caddy'] as const) {
  describe(`public URLs, used ${way}`, () => {
    const store = () => stores[way] ?? assert.fail();

    test('a URL of a single PUT writes only its own key, whatever the headers of the request', async () => {
      for (const [index, headers] of HOSTILE.entries()) {
        const key = `raw/8-${String(index).padStart(32, '0')}/upload/film.mp4`;
        const { status, body } = await send(await store().signPut(key, FOR_PUBLIC), 'PUT', headers, MINE);
        const said = `${JSON.stringify(headers)}: ${status} ${body}`;
        await assertOnlyMine(key, status, said);
      }
      await assertNobodyElseChanged();
    });

    test('a URL of a part writes only that part', async () => {
      for (const [index, headers] of HOSTILE.entries()) {
        const key = `raw/9-${String(index).padStart(32, '0')}/film.mp4`;
        const plan = {
          contentType: 'video/mp4',
          partSizeBytes: LIMITS.minPartSizeBytes,
          sizeBytes: MINE.length,
        };
        const upload = await owner.createUpload(key, plan);
        const url = await store().signPart(upload, 1, { ...FOR_PUBLIC, sizeBytes: MINE.length });
        // a copy of a part has no body, but the length is signed: with and without it
        for (const sent of [MINE, Buffer.alloc(0)]) {
          const { status, body } = await send(url, 'PUT', headers, sent);
          const said = `${JSON.stringify(headers)}: ${status} ${body}`;
          assert.ok(status === 200 || (status >= 400 && status < 502), said);
          const etag = createHash('md5').update(MINE).digest('hex');
          for (const part of await owner.listParts(upload)) {
            assert.deepEqual(part, { partNumber: 1, sizeBytes: MINE.length, etag }, said);
          }
        }
        await owner.abortUpload(upload);
      }
      await assertNobodyElseChanged();
    });

    test('a URL of a GET returns its own object, or nothing', async () => {
      const key = 'processed/8-00000000000000000000000000000000/cover.jpg';
      await owner.put(key, MINE, { contentType: 'image/jpeg', sizeBytes: MINE.length });
      for (const headers of HOSTILE) {
        const url = await store().signGet(key, { ...FOR_PUBLIC, contentType: 'image/jpeg' });
        const { status, body } = await send(url, 'GET', headers);
        const said = `${JSON.stringify(headers)}: ${status} ${body}`;
        if (status === 200) assert.equal(body, MINE.toString(), said);
        else assert.ok(status >= 400 && status < 502 && !body.includes(PRIVATE.toString()), said);
      }
      await assertNobodyElseChanged();
    });

    test('no URL serves another method, key or query than it was signed for', async () => {
      const put = await store().signPut(PRIVATE_SOURCE.replace('film', 'other'), FOR_PUBLIC);
      const get = await store().signGet(PRIVATE_KEY, FOR_PUBLIC);
      for (const [url, method] of [
        [put, 'GET'],
        [put, 'DELETE'],
        [put, 'POST'],
        [get, 'PUT'],
        [get, 'DELETE'],
        ...['acl', 'tagging', 'retention', 'legal-hold', 'uploads', 'attributes'].flatMap((question) => [
          [put.replace('?', `?${question}&`), 'PUT'] as const,
          [get.replace('?', `?${question}&`), 'GET'] as const,
        ]),
        // its user may not do it, even where it is signed
        [await store().signPut('processed/8-0/cover.jpg', FOR_PUBLIC), 'PUT'],
        [await store().signGet(PRIVATE_SOURCE, FOR_PUBLIC), 'GET'],
      ] as const) {
        const { status } = await send(url, method, {}, method === 'GET' ? undefined : MINE);
        assert.ok(status >= 400, `${method} ${url}: ${status}`);
      }
      await assertNobodyElseChanged();
    });
  });
}

test('through Caddy the headers do not even reach the store, and workers still get through', async () => {
  const key = 'raw/10-00000000000000000000000000000000/upload/film.mp4';
  const store = stores['through Caddy'] ?? assert.fail();
  const headers = { 'x-amz-meta-mine': 'x', 'X-Amz-Storage-Class': 'REDUCED_REDUNDANCY' };
  assert.equal((await send(await store.signPut(key, FOR_PUBLIC), 'PUT', headers, MINE)).status, 200);
  const got = await send(await owner.signGet(key, { audience: 'internal', expiresSeconds: 60 }), 'GET', {});
  assert.equal(got.headers['x-amz-meta-mine'], undefined);
  assert.equal(got.headers['x-amz-storage-class'], undefined);

  // a request that is signed by a header needs its x-amz-date
  const users = await setUpStore(minio);
  const remote = createMinioStore({
    ...users.server,
    endpoint: caddy.storePublicUrl,
    publicEndpoint: caddy.storePublicUrl,
    bucket: BUCKET,
    region: 'us-east-1',
  });
  try {
    assert.equal((await remote.stat(PRIVATE_KEY))?.sizeBytes, PRIVATE.length);
  } finally {
    await remote.close();
  }
});

async function assertOnlyMine(key: string, status: number, said: string): Promise<void> {
  // refused, or what was sent
  assert.ok(status === 200 || (status >= 400 && status < 502), said);
  const url = await owner.signGet(key, { audience: 'internal', expiresSeconds: 60 });
  const stored = await send(url, 'GET', {});
  if (stored.status === 404) return;
  assert.equal(stored.status, 200, said);
  assert.ok(!stored.body.includes(PRIVATE.toString()), `${said}: a copy of somebody else's`);
  assert.equal(stored.body, MINE.toString(), said);
  for (const attribute of ATTRIBUTES)
    assert.equal(stored.headers[attribute], undefined, `${attribute}: ${said}`);
  const accepted = await owner.copy((await owner.stat(key)) ?? assert.fail(said), `${key}-accepted`);
  const copyUrl = await owner.signGet(accepted.key, { audience: 'internal', expiresSeconds: 60 });
  const copied = await send(copyUrl, 'GET', {});
  assert.equal(copied.body, MINE.toString(), said);
  for (const attribute of [...ATTRIBUTES, 'x-amz-tagging-count', 'x-amz-meta-mine', 'x-amz-storage-class']) {
    assert.equal(copied.headers[attribute], undefined, `${attribute} of the copy: ${said}`);
  }
  // they can be removed like any other
  await owner.remove([key, accepted.key]);
  assert.equal(await owner.stat(key), null, said);
}

async function assertNobodyElseChanged(): Promise<void> {
  const etag = createHash('md5').update(PRIVATE).digest('hex');
  for (const key of [PRIVATE_KEY, PRIVATE_SOURCE]) assert.equal((await owner.stat(key))?.etag, etag, key);
  for await (const { key } of owner.list('')) {
    assert.match(key, /^(raw\/(7|8|9|10)-[0-9a-f]{32}\/|processed\/[78]-[0-9a-f]{32}\/)/);
  }
}

function send(url: string, method: string, headers: Record<string, string>, body?: Buffer) {
  const { promise, resolve, reject } = Promise.withResolvers<{
    status: number;
    body: string;
    headers: Record<string, string | string[] | undefined>;
  }>();
  const call = (url.startsWith('https:') ? httpsRequest : httpRequest)(
    url,
    { method, headers: { ...headers, ...(body ? { 'Content-Length': body.length } : {}) }, agent: false },
    (response) => {
      text(response).then(
        (content) => resolve({ status: response.statusCode ?? 0, body: content, headers: response.headers }),
        reject,
      );
    },
  );
  call.setTimeout(30_000, () => call.destroy(new Error(`no response: ${method} ${url}`)));
  call.on('error', reject);
  call.end(body);
  return promise;
}
