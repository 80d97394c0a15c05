import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { createMinioStore, ensureBucket } from '@reelmill/shared/drivers/minioStore.ts';
import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import { CleanupStack } from '@reelmill/shared/runtime/cleanupStack.ts';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import { openSourceReader } from '../../worker/src/source/sourceReader.ts';
import { type MeddlingProxy, PAGE, startMeddlingProxy } from '../support/meddlingProxy.ts';
import { type MinioAccess, signedByOwner, startMinio } from '../support/minio.ts';

const MIB = 1024 ** 2;
const PART = 5 * MIB;

type Change = (headers: IncomingHttpHeaders) => IncomingHttpHeaders;
const withEtag =
  (change: (etag: string) => string): Change =>
  ({ etag, ...headers }) =>
    etag === undefined ? headers : { ...headers, etag: change(etag) };

/** What proxies make of the responses of a store. */
const CHANGES: Record<string, Change> = {
  'leaves ETags out': ({ etag: _, ...headers }) => headers,
  'weakens ETags': withEtag((etag) => `W/${etag}`),
  'marks ETags as of a compressed body': withEtag((etag) => etag.replace(/"$/, '-gzip"')),
};

for (const encrypted of [false, true]) {
  const kind = encrypted ? 'a store that encrypts' : 'a store';
  describe(`server and worker with ${kind}`, { timeout: 120_000 }, () => {
    const cleanupStack = new CleanupStack();
    let minio: MinioAccess;
    let proxy: MeddlingProxy;
    let store: ObjectStore;
    let direct: ObjectStore;
    before(async () => {
      minio = await startMinio(undefined, undefined, { encrypted });
      cleanupStack.add('minio', () => minio.stop());
      proxy = await startMeddlingProxy(minio.endpoint);
      cleanupStack.add('proxy', () => proxy.close());
      const place = { bucket: 'through', region: 'us-east-1' };
      await ensureBucket({ ...minio, ...place });
      const open = (endpoint: string): ObjectStore =>
        createMinioStore({
          ...signedByOwner({ ...minio, endpoint }),
          ...{ ...place, publicEndpoint: endpoint },
          singlePutBytes: 2 * PART,
        });
      store = open(proxy.url);
      direct = open(minio.endpoint);
      cleanupStack.add('stores', async () => {
        await store.close();
        await direct.close();
      });
    });
    after(() => cleanupStack.release());

    const read = async (key: string): Promise<Buffer> => buffer(await direct.get(key));
    const put = (key: string, bytes: Buffer): Promise<void> =>
      store.put(key, Readable.from([bytes]), {
        contentType: 'video/mp4',
        sizeBytes: bytes.length,
        md5: createHash('md5').update(bytes).digest('hex'),
      });

    for (const [name, alter] of Object.entries({
      'changes nothing': (headers) => headers,
      ...CHANGES,
    } satisfies Record<string, Change>)) {
      test(`behind a proxy that ${name}`, async () => {
        proxy.meddle = () => ({ alter });
        const key = `raw/${name.replaceAll(' ', '-')}`;
        const bytes = randomBytes(100_000);
        await put(`${key}/small`, bytes);
        assert.deepEqual(await read(`${key}/small`), bytes);
        const facts = await store.stat(`${key}/small`);
        assert.equal(facts?.sizeBytes, bytes.length);
        assert.equal((await store.copy(facts, `${key}/copy`)).sizeBytes, bytes.length);
        assert.deepEqual(await read(`${key}/copy`), bytes);

        const source = { key: `${key}/small`, sizeBytes: bytes.length, etag: facts.etag || undefined };
        const reader = await openSourceReader({
          store,
          source: { ...source, lastModified: facts.lastModified.toISOString() },
          logger: createLogger({ level: 'silent', name: 'test' }),
          withSocket: false,
          timing: { outageMs: 2_000 },
        });
        try {
          const answer = await fetch(reader.url);
          assert.deepEqual(Buffer.from(await answer.arrayBuffer()), bytes);
          assert.equal(reader.fault, null);
        } finally {
          await reader.close();
        }
      });
    }

    test('joins the parts of an upload, and of an object that is too large for one PUT', async () => {
      proxy.meddle = () => ({ alter: CHANGES['leaves ETags out'] ?? ((headers) => headers) });
      const film = randomBytes(2 * PART + 1);
      await put('raw/large', film);
      assert.deepEqual(await read('raw/large'), film);
      const sizes = { partSizeBytes: PART, sizeBytes: film.length };
      const upload = await store.createUpload('raw/parts', { contentType: 'video/mp4', ...sizes });
      for (const number of [1, 2, 3]) {
        const url = await store.signPart(upload, number, { audience: 'internal', expiresSeconds: 60 });
        const body = Buffer.from(film.subarray((number - 1) * PART, number * PART));
        assert.equal((await fetch(url, { method: 'PUT', body })).status, 200);
      }
      const parts = await store.listParts(upload);
      const joined = await store.completeUpload(upload, parts);
      assert.equal(joined.sizeBytes, film.length);
      assert.deepEqual(await read('raw/parts'), film);
      // again, by whoever did not hear of it
      assert.equal((await store.completeUpload(upload, parts)).sizeBytes, film.length);
    });

    test('takes a page in place of the store for no success', async () => {
      proxy.meddle = ({ method }) => (method === 'PUT' ? { respond: { status: 200, ...PAGE } } : undefined);
      await assert.rejects(put('raw/never', randomBytes(10)), { code: 'unavailable', retryable: true });
      proxy.meddle = () => undefined;
      assert.equal(await store.stat('raw/never'), null);
    });
  });
}
