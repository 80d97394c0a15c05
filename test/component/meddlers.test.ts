import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, afterEach, before, describe, test } from 'node:test';
import { type EngineFixture, startEngineFixture } from '../support/engineFixture.ts';
import { type Meddling, PAGE } from '../support/meddlingProxy.ts';
import { waitFor } from '../support/processes.ts';

/** S3 takes no smaller ones. */
const LARGE_PART = 5 * 1024 * 1024;
const PARTS = { disk: 64 * 1024, minio: LARGE_PART };
const XHTML = '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><body>Blocked</body></html>';

/** Faults that only a stranger's response shows, the first time that the target is asked for it. */
const STRANGERS: Record<string, Meddling> = {
  'a page with 404': { respond: { status: 404, ...PAGE } },
  'a page with 403': { respond: { status: 403, ...PAGE } },
  'a page with 401': { respond: { status: 401, ...PAGE } },
  'a page with 200': { respond: { status: 200, ...PAGE } },
  'an XHTML page with 410': { respond: { status: 410, headers: {}, body: XHTML } },
  'an empty 404': { respond: { status: 404 } },
  'a redirect with 302': { respond: { status: 302, headers: { location: 'http://127.0.0.1:9/portal' } } },
  'a redirect with 307': { respond: { status: 307, headers: { location: 'http://127.0.0.1:9/portal' } } },
};

for (const store of ['disk', 'minio'] as const) {
  const part = PARTS[store];
  describe(`uploads to the ${store} store with something in between`, { timeout: 120_000 }, () => {
    let fixture: EngineFixture;
    before(async () => {
      fixture = await startEngineFixture({ store, partSizeBytes: part });
    });
    after(() => fixture.stop());
    afterEach(() => {
      fixture.storeMeddler.meddle = () => undefined;
      fixture.apiMeddler.meddle = () => undefined;
    });

    /** Uploads three parts and returns how many PUTs reached whoever responded. */
    const upload = async (name: string): Promise<number> => {
      const file = await fixture.makeFile(`${name}.mp4`, 2 * part + 12_345);
      const { manager, reach } = fixture.startEngine();
      const before = fixture.storeMeddler.requests.length;
      const { videoId } = await reach(manager.add({ path: file }), 'processing');
      assert.ok(videoId);
      assert.deepEqual(await fixture.readStored(videoId), await readFile(file));
      await manager.close();
      return fixture.storeMeddler.requests.slice(before).filter((line) => line.startsWith('PUT')).length;
    };

    test('takes the ETag of a part as a proxy leaves it, without sending more', async () => {
      const changes: Record<string, (etag: string) => string | undefined> = {
        missing: () => undefined,
        weak: (etag) => `W/${etag}`,
        compressed: (etag) => etag.replace(/"$/, '-gzip"'),
        'of the proxy': () => 'W/"5f3c-1a2b"',
      };
      for (const [name, change] of Object.entries(changes)) {
        fixture.storeMeddler.meddle = () => ({
          alter: ({ etag, ...headers }) => {
            const changed = etag === undefined ? undefined : change(etag);
            return changed === undefined ? headers : { ...headers, etag: changed };
          },
        });
        assert.equal(await upload(`etag-${name}`), 3, name);
      }
    });

    test('tries again after what a stranger responds to a part', async () => {
      const strangers = Object.entries(STRANGERS);
      for (const [name, meddling] of store === 'disk' ? strangers : strangers.slice(0, 2)) {
        let first = true;
        fixture.storeMeddler.meddle = ({ method }) => {
          if (method !== 'PUT' || !first) return undefined;
          first = false;
          return meddling;
        };
        assert.equal(await upload(`part after ${name}`), 4, name);
      }
    });

    test('tries again after what a stranger responds to a call', { skip: store === 'minio' }, async () => {
      for (const [name, meddling] of Object.entries(STRANGERS)) {
        const seen = new Set<string>();
        fixture.apiMeddler.meddle = ({ method, url = '' }) => {
          const call = `${method} ${url.replace(/\d+/g, ':id')}`;
          if (seen.has(call)) return undefined;
          seen.add(call);
          return meddling;
        };
        assert.equal(await upload(`call after ${name}`), 3, name);
        assert.ok(seen.size >= 4, [...seen].join());
      }
    });

    test('says what is wrong when a stranger goes on to respond', async () => {
      const file = await fixture.makeFile('blocked.mp4', part);
      fixture.storeMeddler.meddle = ({ method }) =>
        method === 'PUT' ? { respond: { status: 403, ...PAGE } } : undefined;
      const { manager, see } = fixture.startEngine();
      const id = manager.add({ path: file });
      await see((event) => event.type === 'state' && event.upload.state === 'failed');
      const failure = manager.uploads.find((upload) => upload.id === id)?.failure;
      assert.equal(failure?.code, 'intercepted');
      assert.match(
        failure.message,
        /^Something between you and the server responded in its place \(HTTP 403/,
      );
      await manager.close();
    });

    test('believes no page that says an upload was aborted', async () => {
      const file = await fixture.makeFile('aborted.mp4', 3 * part);
      const { manager, see } = fixture.startEngine({
        bytesPerSecond: part,
        settings: { partConcurrency: 1 },
      });
      const id = manager.add({ path: file });
      await see((event) => event.type === 'progress' && event.upload.sentBytes > 0);
      const videoId = manager.uploads.find((upload) => upload.id === id)?.videoId;
      assert.ok(videoId);
      let pages = 0;
      fixture.apiMeddler.meddle = ({ method }) =>
        method === 'DELETE' && pages++ === 0 ? { respond: { status: 200, ...PAGE } } : undefined;
      await manager.cancel(id);
      await waitFor('the upload to be aborted', async () =>
        fixture.api.videos.get(videoId)?.status === 'canceled' ? true : undefined,
      );
      await manager.close();
      assert.equal(pages, 2);
    });
  });
}

describe('uploads to a store that encrypts', { timeout: 120_000 }, () => {
  let fixture: EngineFixture;
  before(async () => {
    fixture = await startEngineFixture({ store: 'minio', partSizeBytes: LARGE_PART, encrypted: true });
  });
  after(() => fixture.stop());

  const puts = () => fixture.storeMeddler.requests.filter((line) => line.startsWith('PUT')).length;

  test('sends each part once, though no ETag is its MD5', async () => {
    const file = await fixture.makeFile('encrypted.mp4', 2 * LARGE_PART + 12_345);
    const { manager, reach } = fixture.startEngine();
    const before = puts();
    const { videoId } = await reach(manager.add({ path: file }), 'processing');
    assert.equal(puts() - before, 3);
    assert.deepEqual(await fixture.readStored(videoId ?? 0), await readFile(file));
    await manager.close();
  });

  test('uploads where a proxy hides that the store encrypts', async () => {
    fixture.storeMeddler.meddle = () => ({
      alter: (headers) =>
        Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith('x-amz-server'))),
    });
    const file = await fixture.makeFile('hidden.mp4', 2 * LARGE_PART + 12_345);
    const { manager, reach } = fixture.startEngine();
    const before = puts();
    const { videoId } = await reach(manager.add({ path: file }), 'processing');
    assert.equal(puts() - before, 4, 'one part is sent again to be sure');
    assert.deepEqual(await fixture.readStored(videoId ?? 0), await readFile(file));
    await manager.close();
    fixture.storeMeddler.meddle = () => undefined;
  });

  test('goes on after a restart with the parts that it sent', async () => {
    const file = await fixture.makeFile('restarted.mp4', 4 * LARGE_PART);
    const first = fixture.startEngine({ bytesPerSecond: 2 * LARGE_PART, settings: { partConcurrency: 1 } });
    first.manager.add({ path: file });
    await first.see((event) => event.type === 'progress' && event.upload.acknowledgedBytes >= 2 * LARGE_PART);
    await first.manager.close();
    const before = puts();
    const second = fixture.startEngine();
    const upload = await second.reach(second.manager.add({ path: file }), 'processing');
    assert.ok(upload.keptBytes >= 2 * LARGE_PART);
    assert.ok(puts() - before <= 2);
    assert.deepEqual(await fixture.readStored(upload.videoId ?? 0), await readFile(file));
  });
});
