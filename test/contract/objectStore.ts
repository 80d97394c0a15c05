import { after, before, describe } from 'node:test';
import { testEndsOfUploads } from './objectStore/endsOfUploads.ts';
import { testGrants } from './objectStore/grants.ts';
import { testObjects } from './objectStore/objects.ts';
import { testSignedUrls } from './objectStore/signedUrls.ts';
import type { StoreUnderTest } from './objectStore/storeUnderTest.ts';
import { testUploads } from './objectStore/uploads.ts';

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
      limitsPuts: () => running.limitsPuts,
    };
    testObjects(context);
    testSignedUrls(context);
    testGrants(context);
    testUploads(context);
    testEndsOfUploads(context);
  });
}
