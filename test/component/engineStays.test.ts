import assert from 'node:assert/strict';
import { copyFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { PATIENT_RETRY } from '@reelmill/desktop/engine/flow/retry.ts';
import type { UploadEvent } from '@reelmill/desktop/engine/record/events.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { type Engine, type EngineFixture, startEngineFixture, TEST_RETRY } from '../support/engineFixture.ts';
import { waitFor } from '../support/processes.ts';

const MIB = 1024 * 1024;
const PART = MIB;
const PACE = 2 * PART;
const PATIENT = { ...PATIENT_RETRY, ...TEST_RETRY, attempts: 3 };

describe('the upload engine in a long-running program', { timeout: 120_000 }, () => {
  let fixture: EngineFixture;
  before(async () => {
    fixture = await startEngineFixture({ store: 'disk', partSizeBytes: PART });
  });
  beforeEach(() => {
    fixture.api.intercept = () => undefined;
    fixture.proxy.setFaults(() => undefined);
  });
  after(() => fixture.stop());

  const titleOf = (videoId: number | null): string | undefined => fixture.api.videos.get(videoId ?? 0)?.title;
  const failed = (id: string) => (event: UploadEvent) =>
    event.type === 'state' && event.upload.id === id && event.upload.state === 'failed';
  const startSlowly = (options: Parameters<EngineFixture['startEngine']>[0] = {}): Engine =>
    fixture.startEngine({
      bytesPerSecond: PACE,
      ...options,
      settings: { partConcurrency: 1, ...options.settings },
    });
  /** Sends a file until a part of it has arrived. */
  const sendHalf = async ({ manager, see }: Engine, file: string): Promise<string> => {
    const id = manager.add({ path: file });
    await see(
      (event) =>
        event.type === 'progress' && event.upload.id === id && event.upload.acknowledgedBytes >= PART,
    );
    return id;
  };

  describe('a title', () => {
    test('given before the upload is the video’s from the beginning', async () => {
      const { manager, reach } = fixture.startEngine({ settings: { fileConcurrency: 1 } });
      const first = manager.add({ path: await fixture.makeFile('first.mp4', PART) });
      const id = manager.add({ path: await fixture.makeFile('before.mp4', 10), title: 'One' });
      await manager.rename(id, 'Two');
      assert.equal(manager.get(id).title, 'Two');
      await reach(first, 'processing');
      assert.equal(titleOf((await reach(id, 'processing')).videoId), 'Two');
      assert.ok(!fixture.api.calls.includes('PATCH /videos/:id'));
    });

    test('given during the upload reaches the server while it runs, and the later one wins', async () => {
      const engine = startSlowly();
      const id = await sendHalf(engine, await fixture.makeFile('during.mp4', 4 * PART));
      await engine.manager.rename(id, 'Early');
      await engine.manager.rename(id, 'Late');
      const { videoId, state } = engine.manager.get(id);
      await waitFor('the title', () => titleOf(videoId) === 'Late');
      assert.equal(state, 'uploading');
      assert.equal((await engine.reach(id, 'processing')).title, 'Late');
    });

    test('given while the server is down is sent when it is back, also by the next process', async () => {
      const engine = fixture.startEngine({
        machine: 'renamer',
        keepQueue: true,
        settings: { retry: PATIENT },
      });
      await engine.manager.restoreQueue();
      const id = engine.manager.add({ path: await fixture.makeFile('after.mp4', 10) });
      const { videoId } = await engine.reach(id, 'processing');
      fixture.api.intercept = () => 'cut';
      await engine.manager.rename(id, 'Told later');
      await waitFor('a try', () => fixture.api.calls.filter((call) => call.startsWith('PATCH')).length > 3);
      assert.equal(titleOf(videoId), 'after.mp4');
      await engine.manager.close();
      fixture.api.intercept = () => undefined;
      const next = fixture.startEngine({ machine: 'renamer', keepQueue: true });
      await next.manager.restoreQueue();
      await waitFor('the title', () => titleOf(videoId) === 'Told later');
      await next.manager.close();
    });
  });

  describe('a file that moved', () => {
    test('resumes at its new path', async () => {
      const engine = startSlowly({ machine: 'mover', keepQueue: true });
      await engine.manager.restoreQueue();
      const file = await fixture.makeFile('old-place.mp4', 4 * PART);
      const moved = path.join(fixture.folder, 'new-place.mp4');
      const id = await sendHalf(engine, file);
      await engine.manager.pause(id);
      await copyFile(file, moved);
      await rm(file);
      engine.manager.resume(id);
      await engine.see(failed(id));
      const { failure, videoId } = engine.manager.get(id);
      assert.equal(failure?.code, 'file_unreadable');

      const sent = fixture.proxy.bytesToTarget;
      await engine.manager.relocate(id, moved);
      const upload = await engine.reach(id, 'processing');
      assert.deepEqual([upload.path, upload.fileName, upload.videoId], [moved, 'new-place.mp4', videoId]);
      assert.ok(upload.keptBytes >= PART);
      assert.ok(fixture.proxy.bytesToTarget - sent < 3.5 * PART);
      // the old path is free for another file
      assert.equal(engine.manager.addAll([{ path: file }]).added.length, 1);
    });

    test('rejects another file, and nothing is lost', async () => {
      const engine = startSlowly();
      const file = await fixture.makeFile('wanted.mp4', 3 * PART);
      const other = await fixture.makeFile('other.mp4', 3 * PART);
      const id = await sendHalf(engine, file);
      await engine.manager.pause(id);
      const aside = path.join(fixture.folder, 'aside.mp4');
      await rename(file, aside);
      await assert.rejects(engine.manager.relocate(id, other), { code: 'file_changed' });
      await assert.rejects(engine.manager.relocate(id, path.join(fixture.folder, 'none.mp4')), {
        code: 'file_unreadable',
      });
      assert.deepEqual([engine.manager.get(id).path, engine.manager.get(id).state], [file, 'paused']);
      await engine.manager.relocate(id, aside);
      assert.equal(engine.manager.get(id).state, 'paused');
      engine.manager.resume(id);
      assert.ok((await engine.reach(id, 'processing')).keptBytes >= PART);
      await assert.rejects(engine.manager.relocate(id, file), { code: 'state_conflict' });
    });

    test('before its upload began may be any file that is not in the queue', async () => {
      const engine = fixture.startEngine();
      const id = engine.manager.add({ path: path.join(fixture.folder, 'typo.mp4') });
      await engine.see(failed(id));
      const waiting = await fixture.makeFile('waiting.mp4', 10);
      await engine.manager.suspend();
      engine.manager.add({ path: waiting });
      await assert.rejects(engine.manager.relocate(id, waiting), { code: 'state_conflict' });
      engine.manager.wake();
      await engine.manager.relocate(id, await fixture.makeFile('right.mp4', 20));
      assert.equal((await engine.reach(id, 'processing')).sizeBytes, 20);
    });
  });

  test('reports a file that is a video already, and sends it on request', async () => {
    const file = await fixture.makeFile('twice.mp4', 100);
    const { manager, reach, see } = fixture.startEngine();
    const first = manager.add({ path: file, title: 'The first', refuseDuplicates: true });
    const { videoId } = await reach(first, 'processing');
    const copy = path.join(fixture.folder, 'copy.mp4');
    await copyFile(file, copy);
    const before = fixture.api.videos.size;
    const id = manager.add({ path: copy, refuseDuplicates: true });
    await see(failed(id));
    assert.deepEqual(manager.get(id).failure, {
      stage: 'upload',
      code: 'duplicate',
      message: 'This file has already been uploaded; its video is called “The first”.',
      duplicateOf: { videoId, title: 'The first' },
    });
    assert.throws(() => manager.uploadAnyway(first), { code: 'state_conflict' });
    manager.uploadAnyway(id);
    await reach(id, 'processing');
    assert.equal(fixture.api.videos.size, before + 1);
    // who does not ask is not told
    const other = path.join(fixture.folder, 'unasked.mp4');
    await copyFile(file, other);
    await reach(manager.add({ path: other }), 'processing');
  });

  describe('a network that is down', () => {
    test('never fails an upload, is reported, and cleared as soon as it is back', async () => {
      const { manager, reach, events } = fixture.startEngine({ settings: { retry: PATIENT } });
      fixture.api.intercept = () => 'cut';
      const id = manager.add({ path: await fixture.makeFile('patient.mp4', 3 * PART) });
      const tries = () => events.filter((event) => event.type === 'retrying').length;
      await waitFor('more tries than an impatient program makes', () => tries() > 2 * PATIENT.attempts);
      const { state, retrying } = manager.get(id);
      assert.equal(state, 'fingerprinting');
      assert.equal(retrying?.code, 'network');
      assert.ok((retrying?.attempt ?? 0) > PATIENT.attempts);
      fixture.api.intercept = () => undefined;
      assert.equal((await reach(id, 'processing')).retrying, null);
      assert.ok(events.some((event) => event.type === 'recovered'));
    });

    test('is retried at once on retryNow', async () => {
      const retry = { ...PATIENT, baseMs: 3_600_000, maxMs: 3_600_000 };
      const { manager, reach, see } = fixture.startEngine({ settings: { retry } });
      fixture.api.intercept = () => 'cut';
      const id = manager.add({ path: await fixture.makeFile('hurry.mp4', 10) });
      await see((event) => event.type === 'retrying' && event.upload.id === id);
      fixture.api.intercept = () => undefined;
      manager.retryNow();
      await reach(id, 'processing');
    });

    test('does not prevent canceling: the abort is sent afterwards', async () => {
      const settings = { partConcurrency: 1, retry: PATIENT };
      const engine = startSlowly({ machine: 'canceler', keepQueue: true, settings });
      await engine.manager.restoreQueue();
      const file = await fixture.makeFile('given-up.mp4', 4 * PART);
      const id = await sendHalf(engine, file);
      const { videoId } = engine.manager.get(id);
      const status = () => fixture.api.videos.get(videoId ?? 0)?.status;
      fixture.api.intercept = () => 'cut';
      await engine.manager.cancel(id);
      assert.deepEqual([engine.manager.get(id).state, status()], ['canceled', 'uploading']);
      await engine.manager.close();
      fixture.api.intercept = () => undefined;
      const next = fixture.startEngine({ machine: 'canceler', keepQueue: true });
      await next.manager.restoreQueue();
      await waitFor('the upload to be given up', () => status() === 'canceled');
      assert.deepEqual(
        next.manager.uploads.map(({ state }) => state),
        ['canceled'],
      );
    });
  });

  test('uploads wait for the next login when the session ends, and resume with it', async () => {
    let isOver = true;
    const session = {
      accessToken: async () => (isOver ? 'expired' : 'valid'),
      refresh: async () => {
        throw new ReelmillError('unauthorized', 'The session has ended. Log in again.');
      },
    };
    const { manager, reach, see, events } = fixture.startEngine({
      session,
      settings: { holdWhenSignedOut: true, fileConcurrency: 2 },
    });
    const files = await Promise.all([1, 2, 3].map((size) => fixture.makeFile(`login-${size}.mp4`, size)));
    const { added } = manager.addAll(files.map((file) => ({ path: file })));
    const event = await see(({ type }) => type === 'signedOut');
    assert.ok(event.type === 'signedOut');
    assert.equal(event.message, 'The session has ended. Log in again.');
    await waitFor('all to wait', () => manager.uploads.every(({ state }) => state === 'waiting'));
    isOver = false;
    manager.signedIn();
    await Promise.all(added.map((id) => reach(id, 'processing')));
    assert.equal(events.filter(({ type }) => type === 'signedOut').length, 1);
  });

  test('sends nothing while the machine sleeps, and resumes afterwards', async () => {
    const engine = startSlowly({ settings: { fileConcurrency: 1 } });
    const id = await sendHalf(engine, await fixture.makeFile('asleep.mp4', 4 * PART));
    const next = engine.manager.add({ path: await fixture.makeFile('dreams.mp4', 10) });
    await engine.manager.suspend();
    assert.deepEqual(
      engine.manager.uploads.map(({ state }) => state),
      ['waiting', 'waiting'],
    );
    engine.manager.wake();
    assert.ok((await engine.reach(id, 'processing')).keptBytes >= PART);
    await engine.reach(next, 'processing');
  });

  test('requeues the last files for a lower concurrency, and starts others for a higher one', async () => {
    const engine = startSlowly({ settings: { fileConcurrency: 3 } });
    const files = await Promise.all(['x', 'y', 'z'].map((name) => fixture.makeFile(`${name}.mp4`, 2 * PART)));
    const { added } = engine.manager.addAll(files.map((file) => ({ path: file })));
    const sending = () => engine.manager.uploads.filter(({ state }) => state === 'uploading').length;
    await waitFor('all three', () => sending() === 3);
    await engine.manager.setFileConcurrency(1);
    assert.deepEqual(
      engine.manager.uploads.map(({ state }) => state),
      ['uploading', 'waiting', 'waiting'],
    );
    await engine.manager.setFileConcurrency(2);
    await waitFor('two', () => sending() === 2);
    engine.manager.setRateLimit(null);
    await Promise.all(added.map((id) => engine.reach(id, 'processing')));
  });

  test('thousands of files are added, paused, kept and removed at once', async () => {
    const COUNT = 5_000;
    const engine = fixture.startEngine({ machine: 'crowd', keepQueue: true });
    await engine.manager.restoreQueue();
    await engine.manager.suspend();
    const files = Array.from({ length: COUNT }, (_, index) => ({
      path: `/films/${index}.mp4`,
      sizeBytes: 1_000,
    }));
    const started = performance.now();
    const { added } = engine.manager.addAll(files);
    assert.equal(engine.manager.addAll(files).known.length, COUNT);
    assert.equal(new Set(added).size, COUNT);
    assert.equal((await engine.manager.pauseAll()).length, COUNT);
    engine.manager.resumeAll(added);
    engine.manager.move(added.at(-1) ?? '', 0);
    const seconds = (performance.now() - started) / 1000;
    assert.ok(seconds < 3, `${seconds} s`);
    // one event for each upload and step, and one for the move
    assert.equal(engine.events.length, 3 * COUNT + 1);
    await engine.manager.close();

    const next = fixture.startEngine({ machine: 'crowd', keepQueue: true });
    await next.manager.suspend();
    const restored = await next.manager.restoreQueue();
    assert.equal(restored.length, COUNT);
    assert.equal(next.manager.get(restored[0] ?? '').path, `/films/${COUNT - 1}.mp4`);
    assert.equal(next.manager.removeAll(restored).length, COUNT);
    assert.deepEqual(next.manager.order, []);
    await next.manager.close();
    const last = fixture.startEngine({ machine: 'crowd', keepQueue: true });
    assert.deepEqual(await last.manager.restoreQueue(), []);
  });

  test('renames an unreadable queue file, and resumes from the journal', async () => {
    const engine = startSlowly({ machine: 'torn', keepQueue: true });
    await engine.manager.restoreQueue();
    await sendHalf(engine, await fixture.makeFile('torn.mp4', 3 * PART));
    await engine.manager.close();
    const folder = path.join(fixture.folder, 'torn-queue');
    const [name] = await readdir(folder);
    await writeFile(path.join(folder, name ?? ''), '{"v":1,"scope":"te');
    const next = fixture.startEngine({ machine: 'torn', keepQueue: true });
    const [id] = await next.manager.restoreQueue();
    assert.ok(id);
    assert.ok((await next.reach(id, 'processing')).keptBytes >= PART);
    assert.ok((await readdir(folder)).includes(`${name}.broken`));
  });

  test('retries a failed file when it is added again', async () => {
    const { manager, reach, see } = fixture.startEngine();
    const file = path.join(fixture.folder, 'comes-later.mp4');
    const id = manager.add({ path: file });
    await see(failed(id));
    await fixture.makeFile('comes-later.mp4', 10);
    assert.deepEqual(manager.addAll([{ path: file }]), { added: [], known: [id] });
    await reach(id, 'processing');
  });
});
