import assert from 'node:assert/strict';
import { appendFile, readdir, readFile, utimes } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type EngineFixture, startEngineFixture } from '../support/engineFixture.ts';

const MIB = 1024 * 1024;
const PART = 5 * MIB;
/** Slow enough for a machine of any speed to act between two parts. */
const PACE = 2 * PART;

for (const store of ['disk', 'minio'] as const) {
  describe(`the upload engine on the ${store} store`, { timeout: 120_000 }, () => {
    let fixture: EngineFixture;
    before(async () => {
      fixture = await startEngineFixture({ store, partSizeBytes: PART });
    });
    after(() => fixture.stop());

    test('uploads files of any size byte for byte, and leaves no journal', async () => {
      const { manager, reach } = fixture.startEngine();
      for (const size of [1, PART - 1, PART, PART + 1, 3 * PART + 12_345]) {
        const file = await fixture.makeFile(`size-${size}.mp4`, size);
        const upload = await reach(manager.add({ path: file }), 'processing');
        assert.equal(upload.acknowledgedBytes, size);
        assert.equal(upload.sentBytes, size);
        assert.ok(upload.videoId);
        assert.deepEqual(await fixture.readStored(upload.videoId), await readFile(file));
      }
      await manager.close();
      assert.deepEqual(await readdir(path.join(fixture.folder, 'here')), []);
    });

    test('resumes after a pause with the missing parts, and a pause aborts nothing', async () => {
      const file = await fixture.makeFile('paused.mp4', 4 * PART);
      const { manager, reach, see } = fixture.startEngine({
        bytesPerSecond: PACE,
        settings: { partConcurrency: 1 },
      });
      const sentBefore = fixture.proxy.bytesToTarget;
      const id = manager.add({ path: file });
      await see((event) => event.type === 'progress' && event.upload.acknowledgedBytes >= PART);
      await manager.pause(id);
      const paused = await reach(id, 'paused');
      assert.ok(paused.videoId);
      assert.equal(fixture.api.videos.get(paused.videoId)?.status, 'uploading');
      manager.resume(id);
      const upload = await reach(id, 'processing');
      assert.ok(upload.keptBytes >= PART);
      assert.equal(upload.videoId, paused.videoId);
      assert.deepEqual(await fixture.readStored(paused.videoId), await readFile(file));
      const sent = fixture.proxy.bytesToTarget - sentBefore;
      assert.ok(sent < 5 * PART + MIB, `${sent} bytes for ${4 * PART}`);
    });

    test('resumes an upload that another machine began, after verifying its parts', async () => {
      const file = await fixture.makeFile('elsewhere.mp4', 4 * PART);
      const first = fixture.startEngine({
        machine: 'one',
        bytesPerSecond: PACE,
        settings: { partConcurrency: 1 },
      });
      const id = first.manager.add({ path: file });
      await first.see((event) => event.type === 'progress' && event.upload.acknowledgedBytes >= 2 * PART);
      await first.manager.close();
      const [begun] = first.manager.uploads;
      assert.equal(begun?.id, id);

      const second = fixture.startEngine({ machine: 'two' });
      const upload = await second.reach(second.manager.add({ path: file }), 'processing');
      assert.equal(upload.videoId, begun.videoId);
      assert.ok(upload.keptBytes >= 2 * PART);
      assert.ok(upload.videoId);
      assert.deepEqual(await fixture.readStored(upload.videoId), await readFile(file));
    });

    test('starts over, and says so, when the file has changed', async () => {
      const file = await fixture.makeFile('changed.mp4', 3 * PART);
      const first = fixture.startEngine({ bytesPerSecond: PACE, settings: { partConcurrency: 1 } });
      const id = first.manager.add({ path: file });
      await first.see((event) => event.type === 'progress' && event.upload.acknowledgedBytes >= PART);
      await first.manager.pause(id);
      const { videoId: oldId } = await first.reach(id, 'paused');
      await appendFile(file, 'more');

      const second = fixture.startEngine();
      const upload = await second.reach(second.manager.add({ path: file }), 'processing');
      assert.equal(upload.restarts, 1);
      assert.ok(second.events.some((event) => event.type === 'restarted' && event.reason === 'file_changed'));
      assert.ok(oldId);
      assert.equal(fixture.api.videos.get(oldId)?.status, 'canceled');
      assert.ok(upload.videoId);
      assert.deepEqual(await fixture.readStored(upload.videoId), await readFile(file));
    });

    test('notices a change while it is sending', async () => {
      const file = await fixture.makeFile('changing.mp4', 4 * PART);
      const { manager, reach, see } = fixture.startEngine({
        bytesPerSecond: PACE,
        settings: { partConcurrency: 1 },
      });
      const id = manager.add({ path: file });
      await see((event) => event.type === 'progress' && event.upload.acknowledgedBytes >= PART);
      const later = new Date(Date.now() + 10_000);
      await utimes(file, later, later);
      const upload = await reach(id, 'processing');
      assert.equal(upload.restarts, 1);
      assert.ok(upload.videoId);
      assert.deepEqual(await fixture.readStored(upload.videoId), await readFile(file));
    });

    test('aborts the upload at the store when it is canceled', async () => {
      const file = await fixture.makeFile('canceled.mp4', 4 * PART);
      const { manager, reach, see } = fixture.startEngine({
        bytesPerSecond: PACE,
        settings: { partConcurrency: 1 },
      });
      const id = manager.add({ path: file });
      await see((event) => event.type === 'progress' && event.upload.acknowledgedBytes >= PART);
      await manager.cancel(id);
      const { videoId } = await reach(id, 'canceled');
      assert.ok(videoId);
      const video = fixture.api.videos.get(videoId);
      assert.equal(video?.status, 'canceled');
      await assert.rejects(fixture.store.listParts(video.ref), { code: 'upload_gone' });
      assert.deepEqual(await readdir(path.join(fixture.folder, 'here')), []);
    });

    test('survives a network that cuts, delays and truncates', async () => {
      const file = await fixture.makeFile('flaky.mp4', 5 * PART + 99);
      fixture.proxy.cutAll();
      const first = fixture.proxy.connections;
      fixture.proxy.setFaults(
        (index) =>
          [
            { cutAfterBytes: 0 },
            { cutAfterBytes: 2 * MIB },
            { truncateResponseAfterBytes: 20 },
            { delayMs: 5 },
            { freezeAfterBytes: MIB },
            { truncateResponseAfterBytes: 0 },
            { cutAfterBytes: PART },
          ][index - first],
      );
      const { manager, reach, events } = fixture.startEngine({
        settings: { stallMs: 1_000, responseMs: 2_000 },
      });
      const upload = await reach(manager.add({ path: file }), 'processing');
      fixture.proxy.setFaults(() => undefined);
      assert.ok(upload.videoId);
      assert.deepEqual(await fixture.readStored(upload.videoId), await readFile(file));
      const retries = events.flatMap((event) => (event.type === 'retrying' ? [event.code] : []));
      assert.ok(retries.includes('network'), retries.join());
      assert.ok(retries.includes('timeout'), retries.join());
    });
  });
}
