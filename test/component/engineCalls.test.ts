import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { type EngineFixture, startEngineFixture } from '../support/engineFixture.ts';

const MIB = 1024 * 1024;
const PART = MIB;
/** Slow enough for a machine of any speed to act between two parts. */
const PACE = 2 * PART;

describe('the upload engine and calls that fail', { timeout: 120_000 }, () => {
  let fixture: EngineFixture;
  before(async () => {
    fixture = await startEngineFixture({ store: 'disk', partSizeBytes: PART, urlTtlSeconds: 2 });
  });
  beforeEach(() => {
    fixture.api.intercept = () => undefined;
    fixture.proxy.setFaults(() => undefined);
  });
  after(() => fixture.stop());

  test('retries every call that the server could not handle, after its Retry-After', async () => {
    const file = await fixture.makeFile('busy.mp4', 3 * PART);
    const refused = new Set<string>();
    fixture.api.intercept = (call, when) => {
      if (when === 'after' || refused.has(call)) return undefined;
      refused.add(call);
      return { status: 503, code: 'unavailable', headers: { 'retry-after': '1' } };
    };
    const { manager, reach, events } = fixture.startEngine();
    const upload = await reach(manager.add({ path: file }), 'processing');
    assert.ok(upload.videoId);
    assert.deepEqual(await fixture.readStored(upload.videoId), await readFile(file));
    assert.deepEqual([...refused].sort(), [
      'GET /videos/:id/upload',
      'GET /videos/upload/resumable',
      'POST /videos/:id/upload/parts',
      'POST /videos/upload/complete',
      'POST /videos/upload/initiate',
    ]);
    const waits = events.flatMap((event) => (event.type === 'retrying' ? [event.waitMs] : []));
    assert.deepEqual(waits, [1_000, 1_000, 1_000, 1_000, 1_000]);
  });

  test('opens one upload and completes it once when the responses are lost', async () => {
    const file = await fixture.makeFile('lost.mp4', 2 * PART);
    const lost = new Set<string>();
    const before = fixture.api.videos.size;
    fixture.api.intercept = (call, when) => {
      const isLost = when === 'after' && call.startsWith('POST /videos/upload/') && !lost.has(call);
      if (isLost) lost.add(call);
      return isLost ? 'cut' : undefined;
    };
    const { manager, reach } = fixture.startEngine();
    const upload = await reach(manager.add({ path: file }), 'processing');
    assert.equal(lost.size, 2);
    assert.equal(fixture.api.videos.size, before + 1);
    assert.ok(upload.videoId);
    assert.deepEqual(await fixture.readStored(upload.videoId), await readFile(file));
  });

  test('gets a new access token once when the old one is rejected', async () => {
    const file = await fixture.makeFile('token.mp4', 2 * PART);
    let token = 'expired';
    let refreshes = 0;
    const session = {
      accessToken: async () => token,
      refresh: async () => {
        refreshes += 1;
        token = 'valid';
        return token;
      },
    };
    const { manager, reach } = fixture.startEngine({ session });
    await reach(manager.add({ path: file }), 'processing');
    assert.equal(refreshes, 1);
  });

  test('fails in plain words when the session has ended', async () => {
    const file = await fixture.makeFile('session.mp4', PART);
    const session = {
      accessToken: async () => 'expired',
      refresh: async () => {
        throw new ReelmillError('unauthorized', 'The session has ended. Log in again.');
      },
    };
    const { manager, see } = fixture.startEngine({ session });
    manager.add({ path: file });
    const event = await see((one) => one.type === 'state' && one.upload.state === 'failed');
    assert.ok(event.type === 'state');
    assert.equal(event.upload.failure?.message, 'The session has ended. Log in again.');
  });

  test('signs again when URLs have expired', async () => {
    const file = await fixture.makeFile('expired.mp4', 6 * PART);
    // about eight seconds for URLs that are good for two
    const { manager, reach, events } = fixture.startEngine({
      bytesPerSecond: 0.75 * MIB,
      settings: { partConcurrency: 1, urlWindow: 6 },
    });
    const upload = await reach(manager.add({ path: file }), 'processing');
    const codes = events.flatMap((event) => (event.type === 'retrying' ? [event.code] : []));
    assert.ok(codes.length > 0);
    assert.ok(
      codes.every((code) => code === 'signature_invalid'),
      codes.join(),
    );
    assert.ok(upload.videoId);
    assert.deepEqual(await fixture.readStored(upload.videoId), await readFile(file));
  });

  test('verifies a part in the store that was not sent from this file', async () => {
    const file = await fixture.makeFile('twin.mp4', 4 * PART);
    // slow enough to be paused before its end
    const first = fixture.startEngine({
      machine: 'one',
      bytesPerSecond: MIB,
      settings: { partConcurrency: 1 },
    });
    const id = first.manager.add({ path: file });
    await first.see((event) => event.type === 'progress' && event.upload.acknowledgedBytes >= 2 * PART);
    await first.manager.pause(id);
    const { videoId: oldId } = await first.reach(id, 'paused');
    // same size, same head and tail, another second part
    const twin = path.join(fixture.folder, 'twin-2.mp4');
    const bytes = await readFile(file);
    await writeFile(twin, bytes.fill(7, PART, PART + 100));

    const second = fixture.startEngine({ machine: 'two' });
    const upload = await second.reach(second.manager.add({ path: twin }), 'processing');
    assert.notEqual(upload.videoId, oldId);
    assert.ok(upload.videoId);
    assert.deepEqual(await fixture.readStored(upload.videoId), bytes);
    assert.ok(oldId);
    assert.equal(fixture.api.videos.get(oldId)?.status, 'uploading');
  });

  test('explains what is wrong with a file or a server', async () => {
    const empty = await fixture.makeFile('empty.mp4', 0);
    const fine = await fixture.makeFile('fine.mp4', 10);
    const { manager, see } = fixture.startEngine({ settings: { fileConcurrency: 1 } });
    const failureOf = async (file: string): Promise<string | undefined> => {
      const id = manager.add({ path: file });
      const event = await see(
        (one) => one.type === 'state' && one.upload.id === id && one.upload.state === 'failed',
      );
      return event.type === 'state' ? event.upload.failure?.message : undefined;
    };
    assert.equal(await failureOf(empty), 'The file is empty.');
    assert.equal(await failureOf(path.join(fixture.folder, 'none.mp4')), 'There is no such file.');
    assert.equal(await failureOf(fixture.folder), 'This is not a file.');
    fixture.api.intercept = () => 'cut';
    assert.match(
      (await failureOf(fine)) ?? '',
      /^The connection to 127\.0\.0\.1:\d+ was closed unexpectedly\.$/,
    );
  });

  test('keeps to the bandwidth limit, also when it changes', async () => {
    const file = await fixture.makeFile('limited.mp4', 6 * PART);
    const started = performance.now();
    const { manager, reach, see } = fixture.startEngine({ bytesPerSecond: MIB });
    const id = manager.add({ path: file });
    await see((event) => event.type === 'progress' && event.upload.sentBytes > 0);
    await see((event) => event.type === 'progress' && event.upload.acknowledgedBytes >= PART);
    manager.setRateLimit(4 * MIB);
    await reach(id, 'processing');
    // even at the later limit six MiB cannot take less
    const seconds = (performance.now() - started) / 1000;
    assert.ok(seconds > 1.2, `${seconds} s`);
  });

  test('sends files in the order of the queue, a few at a time', async () => {
    const files = await Promise.all(['a', 'b', 'c'].map((name) => fixture.makeFile(`${name}.mp4`, PART)));
    const { manager, reach, events } = fixture.startEngine({ settings: { fileConcurrency: 1 } });
    const [a, b, c] = files.map((file) => manager.add({ path: file }));
    assert.ok(a && b && c);
    assert.deepEqual(
      manager.uploads.map(({ state }) => state),
      ['fingerprinting', 'waiting', 'waiting'],
    );
    assert.equal(manager.add({ path: files[1] ?? '' }), b);
    manager.move(c, 0);
    await manager.pause(b);
    await reach(c, 'processing');
    assert.equal(manager.uploads.find(({ id }) => id === b)?.state, 'paused');
    manager.resume(b);
    await reach(b, 'processing');
    const started = events.flatMap((event) =>
      event.type === 'state' && event.upload.state === 'fingerprinting' ? [event.upload.id] : [],
    );
    assert.deepEqual(started, [a, c, b]);
    manager.remove(b);
    assert.deepEqual(
      manager.uploads.map(({ id }) => id),
      [c, a],
    );
    assert.throws(() => manager.move(b, 0), { code: 'not_found' });
  });

  test('retries a failed upload from where it stopped', async () => {
    const file = await fixture.makeFile('again.mp4', 4 * PART);
    const { manager, reach, see } = fixture.startEngine({ settings: { partConcurrency: 1 } });
    fixture.api.intercept = (call) => (call === 'POST /videos/upload/complete' ? 'cut' : undefined);
    const id = manager.add({ path: file });
    await see((event) => event.type === 'state' && event.upload.state === 'failed');
    fixture.api.intercept = () => undefined;
    const sent = fixture.proxy.bytesToTarget;
    await manager.retry(id);
    const upload = await reach(id, 'processing');
    assert.equal(upload.keptBytes, 4 * PART);
    assert.ok(fixture.proxy.bytesToTarget - sent < PART / 2);
  });

  test('follows a video until it is finished, and reports why it failed', async () => {
    const { manager, reach, see } = fixture.startEngine({ settings: { follow: true } });
    const good = manager.add({ path: await fixture.makeFile('good.mp4', 10) });
    const { videoId } = await reach(good, 'processing');
    assert.ok(videoId);
    fixture.api.setStatus(videoId, 'online');
    assert.equal((await reach(good, 'online')).video?.playable, true);

    const bad = manager.add({ path: await fixture.makeFile('bad.mp4', 11) });
    const { videoId: badId } = await reach(bad, 'processing');
    assert.ok(badId);
    fixture.api.setStatus(badId, 'failed');
    const event = await see((one) => one.type === 'state' && one.upload.state === 'failed');
    assert.ok(event.type === 'state');
    assert.deepEqual(event.upload.failure, {
      stage: 'transcode',
      code: 'not_a_video',
      message: 'This is not a video.',
      duplicateOf: null,
    });
  });

  test('restores unfinished uploads after a restart, and never splices a shrunken file', async () => {
    const file = await fixture.makeFile('restored.mp4', 3 * PART);
    const first = fixture.startEngine({
      machine: 'mine',
      bytesPerSecond: PACE,
      settings: { partConcurrency: 1 },
    });
    const id = first.manager.add({ path: file, title: 'Mine' });
    await first.see((event) => event.type === 'progress' && event.upload.acknowledgedBytes >= PART);
    await first.manager.close();
    assert.equal(first.manager.uploads[0]?.id, id);

    const second = fixture.startEngine({ machine: 'mine' });
    const [restored] = await second.manager.restore();
    assert.ok(restored);
    const [upload] = second.manager.uploads;
    assert.equal(upload?.state, 'paused');
    assert.equal(upload?.title, 'Mine');
    assert.ok((upload?.acknowledgedBytes ?? 0) >= PART);
    const { size } = await stat(file);
    await writeFile(file, (await readFile(file)).subarray(0, size - 1));
    second.manager.resume(restored);
    const done = await second.reach(restored, 'processing');
    assert.equal(done.restarts, 1);
    assert.equal(done.acknowledgedBytes, size - 1);
  });
});
