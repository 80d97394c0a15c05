import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import { createPlaybackUrls } from './urls.ts';

function mediaOrigins(publicUrl: string, storeUrl: string): Promise<string[]> {
  const signGet: ObjectStore['signGet'] = async (key, { audience }) => `${storeUrl}/${key}?for=${audience}`;
  const store = { signGet } as ObjectStore; // nothing else of a store is asked here
  return createPlaybackUrls({ publicUrl, secret: 'secret', ttlSeconds: 3600, store }).mediaOrigins();
}

test('media come from the API and from the store as the outside sees them', async () => {
  assert.deepEqual(
    await mediaOrigins('https://videos.example.com/reelmill', 'https://s3.example.com:9000/b'),
    ['https://videos.example.com', 'https://s3.example.com:9000'],
  );
  assert.deepEqual(await mediaOrigins('http://localhost:8080', 'http://localhost:8080/store'), [
    'http://localhost:8080',
  ]);
});
