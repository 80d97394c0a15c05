import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createDiskStore, type DiskStore } from '@reelmill/shared/drivers/diskStore.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/processes.ts';

const BASE_URLS = { public: 'http://127.0.0.1:9/store', internal: 'http://127.0.0.1:9/store' };
const ROUNDS = 30;

let folder: TemporaryFolder;
let server: DiskStore;
let worker: DiskStore;

before(async () => {
  folder = await makeTemporaryFolder('two-stores');
  const options = { root: folder.path, signingSecret: 'x'.repeat(32), baseUrls: BASE_URLS };
  // what is shared is the folder alone, as between two processes
  [server, worker] = [await createDiskStore(options), await createDiskStore(options)];
});
after(async () => {
  await Promise.all([server.close(), worker.close()]);
  await folder.remove();
});

const write = (store: DiskStore, key: string, text: string) =>
  store.put(key, Buffer.from(text), { contentType: 'video/mp4', sizeBytes: Buffer.byteLength(text) });

test('a store that removes folders and one that writes into them do not disturb each other', async () => {
  const rounds = Array.from({ length: ROUNDS }, (_, index) => index);
  for (const round of rounds) {
    const [kept, removed] = [
      `processed/${round % 5}/a/kept-${round}`,
      `processed/${round % 5}/a/gone-${round}`,
    ];
    await write(server, removed, 'gone');
    await Promise.all([server.remove([removed]), write(worker, kept, `text ${round}`)]);
    const facts = await server.stat(kept);
    assert.deepEqual([facts?.contentType, facts?.sizeBytes], ['video/mp4', `text ${round}`.length]);
    assert.equal(await worker.stat(removed), null);
    if (round % 2 === 0) await server.remove([kept]);
  }
});

test('an object that one writes is read by the other, whole at every moment', async () => {
  const texts = ['a'.repeat(5_000), 'b'.repeat(9_000)];
  const key = 'processed/1/playlist';
  await write(worker, key, texts[0] ?? '');
  let writing = true;
  const writer = (async () => {
    for (let round = 0; round < ROUNDS; round += 1) await write(worker, key, texts[round % 2] ?? '');
    writing = false;
  })();
  while (writing) {
    const chunks: Buffer[] = [];
    for await (const chunk of await server.get(key)) chunks.push(chunk);
    assert.ok(texts.includes(Buffer.concat(chunks).toString()));
  }
  await writer;
});
