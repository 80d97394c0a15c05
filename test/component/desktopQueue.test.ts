import assert from 'node:assert/strict';
import { readdir, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import type { QueueChange, UploadSnapshot } from '@reelmill/desktop/contracts/desktop.ts';
import { type ApiUser, DocumentedApi } from '../support/apiClient.ts';
import { makeFile, makeVideo } from '../support/desktopFiles.ts';
import { type DesktopServices, type ServicesOptions, startServices } from '../support/desktopServices.ts';
import { makeTemporaryFolder, startProcess, type TemporaryFolder, waitFor } from '../support/processes.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const MIB = 1024 * 1024;
/** Three parts of the smallest size. */
const LARGE = 20 * MIB;
/** Slow enough for a machine of any speed to act between two parts. */
const PACE = 8 * MIB;

describe('the queue of the app', { timeout: 240_000 }, () => {
  let server: TestServer;
  let api: DocumentedApi;
  let folder: TemporaryFolder;
  let started: DesktopServices[] = [];
  let users = 0;
  before(async () => {
    server = await startTestServer();
    api = await DocumentedApi.of(server.url);
  });
  after(() => server.stop());
  beforeEach(async () => {
    folder = await makeTemporaryFolder('queue');
  });
  afterEach(async () => {
    for (const services of started) await services.close();
    started = [];
    await folder.remove();
  });

  const at = (...names: string[]): string => path.join(folder.path, 'videos', ...names);
  const appFolder = (): string => path.join(folder.path, 'app');

  async function start(options?: ServicesOptions): Promise<DesktopServices> {
    const services = await startServices(appFolder(), options);
    started.push(services);
    return services;
  }

  function signIn({ session }: DesktopServices, { email, password }: ApiUser) {
    return session.signIn({ serverUrl: server.url, email, password });
  }

  /** The app with somebody new who is signed in. */
  async function startSignedIn(options?: ServicesOptions): Promise<DesktopServices & { user: ApiUser }> {
    users += 1;
    const user = await api.signUp(`creator${users}`);
    const services = await start(options);
    await signIn(services, user);
    return { ...services, user };
  }

  async function addOne({ queue }: DesktopServices, file: string): Promise<string> {
    const { added, refused } = await queue.add([file]);
    assert.deepEqual(refused, []);
    const [id] = added;
    assert.ok(id);
    return id;
  }

  /** Whether the queue on the disk names a file. */
  async function isQueued(name: string): Promise<boolean> {
    const queues = path.join(appFolder(), 'queue');
    const texts = (await readdir(queues)).map((file) => readFile(path.join(queues, file), 'utf8'));
    return (await Promise.all(texts)).some((text) => text.includes(name));
  }

  function sentOf({ queue }: DesktopServices, id: string): number {
    return queue.uploads.find((upload) => upload.id === id)?.acknowledgedBytes ?? 0;
  }

  async function titleOf(user: ApiUser, videoId: number | null): Promise<string> {
    const { video } = JSON.parse((await user.call('GET', `/videos/${videoId}`)).text);
    return video.title;
  }

  test('adds videos, rejects other files, and recognizes a file that is in the queue', async () => {
    const { queue, reach } = await startSignedIn();
    const film = await makeVideo(at('film.mp4'));
    const notes = await makeFile(at('notes.txt'), 'no video');
    await queue.pause([]);
    const first = await queue.add([film, notes]);
    assert.equal(first.added.length, 1);
    assert.deepEqual(
      first.refused.map(({ path: file, code }) => [file, code]),
      [[notes, 'unsupported_file']],
    );
    const [id = ''] = first.added;
    const upload = await reach(id, 'processing');
    assert.ok(upload.videoId);
    assert.equal(upload.video?.status, 'transcoding');
  });

  test('sends few messages for many files, which add up to the queue', async () => {
    const services = await startSignedIn({ uploadSettings: { fileConcurrency: 4 } });
    const { queue, changes } = services;
    const count = 150;
    for (let index = 0; index < count; index++) await makeVideo(at(`${index}.mp4`), 200);
    const startedMs = performance.now();
    const { added, known } = await queue.add([at()]);
    assert.deepEqual([added.length, known], [count, 0]);
    assert.deepEqual(
      queue.uploads.map(({ fileName }) => fileName),
      Array.from({ length: count }, (_, index) => `${index}.mp4`),
    );
    const wait = { timeoutMs: 120_000 };
    const isProcessing = (): boolean => queue.uploads.every(({ state }) => state === 'processing');
    await waitFor('everything is on the server', isProcessing, wait);
    await waitFor('all changes are told', () => isDeepEqual([...replay(changes).values()], queue.uploads));
    const mostMessages = (performance.now() - startedMs) / 150 + 2;
    assert.ok(changes.length <= mostMessages, `${changes.length} messages, at most ${mostMessages} expected`);
    const totals = queue.totals;
    assert.deepEqual([totals.total, totals.active, totals.counts.processing], [count, 0, count]);
    assert.equal((await queue.add([at('7.mp4')])).known, 0, 'what is on the server is taken as new');
  });

  test('sends the last title that was set before or during the upload', async () => {
    const services = await startSignedIn();
    const { queue, settings, reach, user } = services;
    await settings.set({ bytesPerSecond: PACE, fileConcurrency: 1 });
    const first = await addOne(services, await makeVideo(at('first.mp4'), LARGE));
    const second = await addOne(services, await makeVideo(at('second.mp4')));
    await queue.rename(second, 'Named before');
    await reach(first, 'uploading');
    await queue.rename(first, 'Named during');
    const uploads = [await reach(first, 'processing'), await reach(second, 'processing')];
    assert.deepEqual(
      uploads.map(({ title }) => title),
      ['Named during', 'Named before'],
    );
    for (const { videoId, title } of uploads) {
      await waitFor('the server knows', async () => (await titleOf(user, videoId)) === title);
    }
  });

  test('stays paused until it is resumed, over a restart too', async () => {
    const services = await startSignedIn();
    await services.settings.set({ bytesPerSecond: PACE });
    const id = await addOne(services, await makeVideo(at('film.mp4'), LARGE));
    await waitFor('a part is sent', () => sentOf(services, id) > 0);
    await services.queue.pause([id]);
    assert.equal(services.queue.uploads[0]?.state, 'paused');
    await services.close();

    const next = await start();
    const [restored] = next.queue.uploads;
    assert.equal(restored?.state, 'paused');
    assert.ok(restored.keptBytes > 0);
    await next.settings.set({ bytesPerSecond: null });
    await next.queue.resume([restored.id]);
    const upload = await next.reach(restored.id, 'processing');
    assert.ok(upload.keptBytes > 0);
  });

  test('sends nothing while the machine sleeps, and resumes afterwards', async () => {
    const services = await startSignedIn();
    await services.settings.set({ bytesPerSecond: PACE });
    const { queue } = services;
    const id = await addOne(services, await makeVideo(at('film.mp4'), LARGE));
    const paused = await addOne(services, await makeVideo(at('other.mp4')));
    await queue.pause([paused]);
    await waitFor('a part is sent', () => sentOf(services, id) > 0);
    await queue.suspend();
    assert.deepEqual(
      queue.uploads.map(({ state }) => state),
      ['waiting', 'paused'],
    );
    const later = await addOne(services, await makeVideo(at('later.mp4')));
    assert.equal(queue.uploads.find((upload) => upload.id === later)?.state, 'waiting');
    queue.wake();
    const upload = await services.reach(id, 'processing');
    assert.ok(upload.keptBytes > 0);
    assert.equal(upload.restarts, 0);
    await services.reach(later, 'processing');
    assert.equal(queue.uploads.find((one) => one.id === paused)?.state, 'paused');
  });

  test('resumes after a kill with the parts that the store has', async () => {
    users += 1;
    const user = await api.signUp(`creator${users}`);
    const large = await makeVideo(at('large.mp4'), LARGE);
    const waiting = await makeVideo(at('waiting.mp4'));
    const app = startProcess(process.execPath, [
      path.resolve(import.meta.dirname, '../support/desktopProcess.ts'),
      ...[appFolder(), server.url, user.email, user.password, String(PACE / 2), large, waiting],
    ]);
    await waitFor('the queue is on the disk', () => isQueued('waiting.mp4'));
    await app.waitForLine(/^acknowledged [1-9]\d{6}/, 60_000);
    await app.kill();

    const next = await start();
    assert.equal(next.session.state.status, 'signedIn');
    assert.deepEqual(
      next.queue.uploads.map((upload) => upload.path),
      [large, waiting],
    );
    await next.settings.set({ bytesPerSecond: null });
    const [first, second] = next.queue.uploads;
    assert.ok(first && second);
    assert.ok((await next.reach(first.id, 'processing')).keptBytes > 0);
    await next.reach(second.id, 'processing');
    const { RefreshToken, Video } = server.context.database.models;
    assert.equal(await Video.count({ where: { userId: user.userId } }), 2);
    assert.ok((await RefreshToken.count({ where: { userId: user.userId } })) > 0);
  });

  test('keeps the uploads when the server ends the session, and resumes after the next sign-in', async () => {
    const services = await startSignedIn();
    const { queue, session, settings, user } = services;
    await settings.set({ bytesPerSecond: PACE, fileConcurrency: 1 });
    const id = await addOne(services, await makeVideo(at('film.mp4'), LARGE));
    await addOne(services, await makeVideo(at('other.mp4')));
    await waitFor('a part is sent', () => sentOf(services, id) > 0);
    const { User } = server.context.database.models;
    await User.update({ disabledAt: new Date() }, { where: { id: user.userId } });
    await waitFor('the end is noticed', () => session.state.status === 'signedOut' && session.state.ended);
    assert.deepEqual(await queue.list(), []);
    await assert.rejects(queue.add([at('film.mp4')]), { code: 'unauthorized' });
    assert.deepEqual(services.finished, []);

    await User.update({ disabledAt: null }, { where: { id: user.userId } });
    await waitFor('the server has noticed', async () => (await user.call('GET', '/me')).status === 200);
    users += 1;
    const other = await api.signUp(`creator${users}`);
    await signIn(services, other);
    assert.deepEqual(await queue.list(), [], 'the uploads of somebody else');
    await session.signOut();
    await settings.set({ bytesPerSecond: null });
    await signIn(services, user);
    const restored = await queue.list();
    assert.deepEqual(
      restored.map(({ fileName }) => fileName),
      ['film.mp4', 'other.mp4'],
    );
    for (const upload of restored) await services.reach(upload.id, 'processing');
    assert.ok((queue.uploads[0]?.keptBytes ?? 0) > 0);
  });

  test('reports a file that is on the server already, and uploads it anyway on request', async () => {
    const services = await startSignedIn();
    const file = await makeVideo(at('film.mp4'));
    const { videoId } = await services.reach(await addOne(services, file), 'processing');
    // until then the upload of this very file goes on
    await waitFor(
      'the upload is over',
      async () => (await readdir(path.join(appFolder(), 'journal'))).length === 0,
    );
    const again = await addOne(services, file);
    const refused = await services.reach(again, 'failed');
    assert.deepEqual(refused.failure?.duplicateOf, { videoId, title: 'film' });
    await services.queue.uploadAnyway([again]);
    const upload = await services.reach(again, 'processing');
    assert.notEqual(upload.videoId, videoId);
  });

  test('removes files of the watch folder that the server has already, without a notice', async () => {
    const services = await startSignedIn();
    const { queue } = services;
    const film = await makeVideo(at('film.mp4'));
    const fresh = await makeVideo(at('fresh.mp4'));
    await services.reach(await addOne(services, film), 'processing');
    await queue.addAutomatically([film, fresh].map((file) => ({ path: file, sizeBytes: 1_000 })));
    await waitFor('the new one is on its way', () =>
      queue.uploads.some((upload) => upload.path === fresh && upload.state === 'processing'),
    );
    await waitFor('the known one is gone', () => queue.uploads.length === 2);
    assert.deepEqual(services.finished, []);
  });

  test('recognizes a moved file at its new path', async () => {
    const services = await startSignedIn();
    const { queue, answers, settings } = services;
    await settings.set({ fileConcurrency: 1, bytesPerSecond: PACE });
    const first = await addOne(services, await makeVideo(at('first.mp4'), LARGE));
    const id = await addOne(services, await makeVideo(at('film.mp4')));
    await rename(at('film.mp4'), at('moved.mp4'));
    await queue.cancel([first]);
    const failed = await services.reach(id, 'failed');
    assert.equal(failed.failure?.code, 'file_unreadable');
    assert.equal(await queue.relocate(id), false);
    answers.replacement = at('moved.mp4');
    assert.equal(await queue.relocate(id), true);
    const upload = await services.reach(id, 'processing');
    assert.equal(upload.path, at('moved.mp4'));
    assert.equal(await queue.pathOf(id), at('moved.mp4'));
  });

  test('files are moved within the queue, retried, removed and cleared', async () => {
    const services = await startSignedIn();
    const { queue } = services;
    await queue.suspend();
    await makeVideo(at('a.mp4'));
    await makeVideo(at('b.mp4'));
    await makeVideo(at('c.mp4'));
    const { added } = await queue.add([at()]);
    const [a = '', b = '', c = ''] = added;
    await queue.move(c, 0);
    assert.deepEqual(
      queue.uploads.map(({ id }) => id),
      [c, a, b],
    );
    await assert.rejects(queue.retry([a]), { code: 'state_conflict' });
    await assert.rejects(queue.retry([a, b]), { code: 'state_conflict', message: /^2 of 2: / });
    await assert.rejects(queue.move('nothing', 0), { code: 'not_found' });
    await queue.cancel([a]);
    await queue.clearFinished();
    await queue.remove([b, 'nothing']);
    assert.deepEqual(
      queue.uploads.map(({ id }) => id),
      [c],
    );
    queue.wake();
    await services.reach(c, 'processing');
  });

  test('does not remove an upload that is being sent', async () => {
    const services = await startSignedIn();
    const { queue, settings } = services;
    await settings.set({ bytesPerSecond: PACE });
    const id = await addOne(services, await makeVideo(at('film.mp4'), LARGE));
    await services.reach(id, 'uploading');
    await assert.rejects(queue.remove([id]), { code: 'state_conflict' });
    await queue.cancel([id]);
    await queue.remove([id]);
    assert.deepEqual(queue.uploads, []);
  });

  test('applies settings to running uploads', async () => {
    const services = await startSignedIn();
    const { queue, settings } = services;
    await settings.set({ bytesPerSecond: 100_000, fileConcurrency: 1 });
    for (const name of ['a.mp4', 'b.mp4', 'c.mp4']) await makeVideo(at(name), 10 * MIB);
    const { added } = await queue.add([at()]);
    const running = (): number =>
      queue.uploads.filter(({ state }) => state !== 'waiting' && state !== 'processing').length;
    await services.reach(added[0] ?? '', 'uploading');
    assert.equal(running(), 1);
    await settings.set({ fileConcurrency: 3 });
    await waitFor('three are sent at once', () => running() === 3);
    await settings.set({ fileConcurrency: 2 });
    await waitFor('two are sent at once', () => running() === 2);
    await settings.set({ bytesPerSecond: null });
    for (const id of added) await services.reach(id, 'processing');
  });

  test('reports a finished upload once', async () => {
    const services = await startSignedIn();
    const { queue, finished } = services;
    const good = await addOne(services, await makeVideo(at('good.mp4')));
    const bad = await addOne(services, await makeVideo(at('bad.mp4')));
    const { Video } = server.context.database.models;
    const videoIdOf = async (id: string): Promise<number> =>
      (await services.reach(id, 'processing')).videoId ?? 0;
    await Video.update({ status: 'online' }, { where: { id: await videoIdOf(good) } });
    await services.reach(good, 'online');
    await Video.update(
      { status: 'failed', errorCode: 'not_a_video', errorMessage: 'This is not a video.' },
      { where: { id: await videoIdOf(bad) } },
    );
    const failed = await services.reach(bad, 'failed');
    assert.equal(failed.failure?.stage, 'transcode');
    assert.deepEqual(
      finished.map(({ id, state }) => [id, state]),
      [
        [good, 'online'],
        [bad, 'failed'],
      ],
    );
    assert.equal(queue.totals.counts.online, 1);
  });

  test('adds the files of a dialog, and nothing where it is canceled', async () => {
    const services = await startSignedIn();
    const { queue, answers } = services;
    assert.deepEqual(await queue.pick('files'), { added: [], known: 0, refused: [] });
    answers.videos = [await makeVideo(at('film.mp4'))];
    assert.equal((await queue.pick('files')).added.length, 1);
  });
});

/** The queue as somebody sees it who is told of every change. */
function replay(changes: readonly QueueChange[]): Map<string, UploadSnapshot> {
  const seen = new Map<string, UploadSnapshot>();
  let order: string[] = [];
  for (const { changed, removed, order: next } of changes) {
    for (const upload of changed) seen.set(upload.id, upload);
    for (const id of removed) seen.delete(id);
    order = next ?? order;
  }
  return new Map(order.flatMap((id) => [...seen].filter(([seenId]) => seenId === id)));
}

function isDeepEqual(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
