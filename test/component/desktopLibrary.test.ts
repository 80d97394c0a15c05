import assert from 'node:assert/strict';
import path from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import type { WatchState } from '@reelmill/desktop/contracts/desktop.ts';
import { WatchFolderService } from '@reelmill/desktop/main/watchFolder/watchFolderService.ts';
import { type ApiUser, DocumentedApi } from '../support/apiClient.ts';
import { makeVideo } from '../support/desktopFiles.ts';
import { type DesktopServices, startServices } from '../support/desktopServices.ts';
import { makeTemporaryFolder, type TemporaryFolder, waitFor } from '../support/processes.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { uploadSomething } from '../support/uploads.ts';

const ADMIN = { email: 'boss@example.org', password: 'the password of the boss' };
const TIMING = { stableMs: 200, growingMs: 200, recordingMs: 200, idleMs: 100, hintMs: 20 };

describe('what the app does with an account', { timeout: 120_000 }, () => {
  let server: TestServer;
  let api: DocumentedApi;
  let folder: TemporaryFolder;
  let services: DesktopServices;
  let user: ApiUser;
  let users = 0;
  before(async () => {
    server = await startTestServer({ env: { ADMIN_EMAIL: ADMIN.email, ADMIN_PASSWORD: ADMIN.password } });
    api = await DocumentedApi.of(server.url);
  });
  after(() => server.stop());
  beforeEach(async () => {
    users += 1;
    folder = await makeTemporaryFolder('library');
    user = await api.signUp(`creator${users}`);
    services = await startServices(path.join(folder.path, 'app'));
    await services.session.signIn({ serverUrl: server.url, email: user.email, password: user.password });
  });
  afterEach(async () => {
    await services.close();
    await folder.remove();
  });

  test('videos are listed, found, sorted, renamed and deleted', async () => {
    const { library } = services;
    const ids: number[] = [];
    for (const title of ['Autumn', 'Spring', 'Summer']) ids.push(await uploadSomething(user, { title }));
    const all = await library.list({ sort: 'title', limit: 2, offset: 0 });
    assert.deepEqual([all.total, all.videos.map(({ title }) => title)], [3, ['Autumn', 'Spring']]);
    const found = await library.list({ search: 'umm' });
    assert.deepEqual(
      found.videos.map(({ id }) => id),
      [ids[2]],
    );
    const [first = 0, second = 0] = ids;
    assert.equal((await library.update(first, { title: 'Winter' })).title, 'Winter');
    assert.equal((await library.get(first)).video.title, 'Winter');
    await library.cancel(second);
    assert.equal((await library.get(second)).video.status, 'canceled');
    await library.retry(second);
    assert.equal((await library.get(second)).video.status, 'transcoding');
    await library.delete(first);
    await assert.rejects(library.get(first), { code: 'not_found' });
  });

  test('copying the link of a private video makes it unlisted, and anyone can open it', async () => {
    const { library, clipboard } = services;
    const videoId = await uploadSomething(user);
    const { url, madeUnlisted } = await library.copyLink(videoId);
    assert.equal(madeUnlisted, true);
    assert.match(url, /\/watch\/\d+\?token=/);
    assert.equal(clipboard.text, url);
    assert.equal((await library.get(videoId)).video.visibility, 'unlisted');
    assert.equal((await fetch(url)).status, 200);
    assert.deepEqual(await library.copyLink(videoId), { url, madeUnlisted: false });
    clipboard.text = '';
    await library.update(videoId, { visibility: 'public' });
    const page = `${server.url}/watch/${videoId}`;
    assert.deepEqual(await library.copyLink(videoId), { url: page, madeUnlisted: false });
    assert.equal(clipboard.text, page);
    assert.equal((await library.get(videoId)).video.visibility, 'public');
  });

  test('a new link is on the clipboard, and the old one opens nothing', async () => {
    const { library, clipboard } = services;
    const videoId = await uploadSomething(user);
    const { url } = await library.copyLink(videoId);
    const { watch_url } = await library.renewLink(videoId);
    assert.equal(clipboard.text, watch_url);
    assert.equal((await fetch(url)).status, 401);
    assert.equal((await fetch(watch_url)).status, 200);
    await library.update(videoId, { visibility: 'private' });
    clipboard.text = '';
    const { watch_url: signed } = (await library.get(videoId)).video;
    const renewed = await library.renewLink(videoId);
    assert.equal(clipboard.text, '', 'the link of a private video is not for sharing');
    assert.equal(renewed.visibility, 'private');
    assert.equal((await fetch(signed)).status, 401);
    assert.equal((await fetch(renewed.watch_url)).status, 200);
    await library.update(videoId, { visibility: 'public' });
    await assert.rejects(library.renewLink(videoId), { code: 'state_conflict' });
  });

  test('the farm is for admins', async () => {
    const { farm, session } = services;
    await assert.rejects(farm.get(), { code: 'forbidden' });
    assert.equal(session.state.status, 'signedIn', 'forbidden is no end of the session');
    await session.signOut();
    await assert.rejects(farm.get(), { code: 'unauthorized' });
    await session.signIn({ serverUrl: server.url, ...ADMIN });
    const { workers, suggested_replicas, scale_command } = await farm.get();
    assert.deepEqual(workers, []);
    assert.match(scale_command, new RegExp(`--scale worker=${suggested_replicas}`));
    assert.deepEqual(await farm.deadLetters(), { dead_letters: [] });
    assert.deepEqual(await farm.replay(), { replayed: 0 });
  });

  test('watches the folder of the settings while an account is signed in, for each account separately', async () => {
    const { session, settings, queue, logger } = services;
    const watched = path.join(folder.path, 'watched');
    const watchFolder = new WatchFolderService({
      session,
      settings,
      queue,
      folder: path.join(folder.path, 'app'),
      logger,
      timing: TIMING,
    });
    const uploaded = (): string[] =>
      queue.uploads.filter(({ state }) => state === 'processing').map(({ fileName }) => fileName);
    const reach = (status: WatchState['status']) =>
      waitFor(`it is ${status}`, () => watchFolder.state.status === status);
    const put = (name: string) => makeVideo(path.join(watched, name));
    try {
      await watchFolder.start();
      assert.equal(watchFolder.state.status, 'off');
      await put('before.mp4');
      await settings.set({ watchFolder: { enabled: true, path: watched } });
      await reach('watching');
      await put('first.mp4');
      await waitFor('the first is uploaded', () => uploaded().includes('first.mp4'));

      // switched on again, it begins as it is then
      await settings.set({ watchFolder: { enabled: false, path: watched } });
      await reach('off');
      await put('unwatched.mp4');
      await settings.set({ watchFolder: { enabled: true, path: watched } });
      await reach('watching');
      await put('second.mp4');
      await waitFor('the second is uploaded', () => uploaded().includes('second.mp4'));
      assert.deepEqual(uploaded(), ['first.mp4', 'second.mp4']);

      await session.signOut();
      await reach('off');
      await session.signIn({ serverUrl: server.url, ...ADMIN });
      await reach('watching');
      await put('third.mp4');
      await waitFor('the other account has it', () => uploaded().includes('third.mp4'));
      assert.deepEqual(uploaded(), ['third.mp4']);

      // what came while nobody watched for an account is taken when it is back
      await session.signOut();
      await session.signIn({ serverUrl: server.url, email: user.email, password: user.password });
      await waitFor('the first account has it too', () => uploaded().includes('third.mp4'));
      assert.deepEqual(uploaded(), ['first.mp4', 'second.mp4', 'third.mp4']);
    } finally {
      await watchFolder.close();
    }
    assert.equal(watchFolder.state.status, 'off');
  });
});
