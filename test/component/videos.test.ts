import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { deletedVideos } from '@reelmill/server/maintenance/deletedVideos.ts';
import { runScheduled } from '@reelmill/server/maintenance/run.ts';
import type { ControlMessage } from '@reelmill/shared/contracts/tasks.ts';
import {
  guestVideoDetailSchema,
  type Video,
  videoDetailSchema,
  videoListSchema,
  videoResponseSchema,
} from '@reelmill/shared/contracts/videos.ts';
import { objectKeys } from '@reelmill/shared/core/objectKeys.ts';
import { type ApiUser, DocumentedApi } from '../support/apiClient.ts';
import { EventReader } from '../support/eventReader.ts';
import { waitFor } from '../support/processes.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { beginSingle, put, uploadSomething } from '../support/uploads.ts';
import { findVideoFolder } from '../support/videoFolders.ts';

const ADMIN = { email: 'boss@example.org', password: 'the password of the boss' };

describe('videos', () => {
  let server: TestServer;
  let api: DocumentedApi;
  let user: ApiUser;
  let stranger: ApiUser;
  let admin: ApiUser;
  before(async () => {
    server = await startTestServer({ env: { ADMIN_EMAIL: ADMIN.email, ADMIN_PASSWORD: ADMIN.password } });
    api = await DocumentedApi.of(server.url);
    user = await api.signUp('ann');
    stranger = await api.signUp('eve');
    admin = await api.logIn(ADMIN);
  });
  after(() => server.stop());

  const detailOf = async (videoId: number) =>
    (await user.call('GET', `/videos/${videoId}`)).as(videoDetailSchema);
  const tasksOf = (videoId: number) => server.context.database.models.Task.findAll({ where: { videoId } });
  const setStatus = async (videoId: number, values: { status: Video['status']; playable?: boolean }) => {
    await server.context.database.models.Video.update(values, { where: { id: videoId } });
  };

  test('an unknown id is not found, and a malformed one is not valid', async () => {
    for (const id of ['999999', '9007199254740991']) {
      const response = await user.call('GET', `/videos/${id}`);
      assert.deepEqual([response.status, response.error.code], [404, 'not_found']);
    }
    for (const id of ['abc', '0', '-1', '1.5', '99999999999999999999']) {
      assert.equal((await user.call('GET', `/videos/${id}`)).error.code, 'validation_failed', id);
    }
  });

  test("somebody else's private video is not found by any route; an admin finds it", async () => {
    const videoId = await uploadSomething(user);
    const calls = (who: ApiUser) => [
      who.call('GET', `/videos/${videoId}`),
      who.call('GET', `/videos/${videoId}/events`),
      who.call('PATCH', `/videos/${videoId}`, { body: { title: 'stolen' } }),
      who.call('POST', `/videos/${videoId}/cancel`),
      who.call('POST', `/videos/${videoId}/retry`),
      who.call('DELETE', `/videos/${videoId}`),
      who.call('GET', `/videos/${videoId}/hls/master.m3u8`),
      who.call('GET', `/videos/${videoId}/storyboard.vtt`),
    ];
    for (const response of await Promise.all(calls(stranger))) {
      assert.deepEqual([response.status, response.error.code], [404, 'not_found']);
    }
    assert.equal((await detailOf(videoId)).video.title, 'film');
    assert.equal((await api.call('GET', `/videos/${videoId}`)).status, 404);
    const patched = await admin.call('PATCH', `/videos/${videoId}`, { body: { title: 'moderated' } });
    assert.equal(patched.as(videoResponseSchema).video.title, 'moderated');
    assert.equal((await admin.call('GET', `/videos/${videoId}`)).status, 200);
  });

  test('a video that is not private is visible without a token, and only its owner can change it', async () => {
    const videoId = await uploadSomething(user);
    for (const visibility of ['unlisted', 'public']) {
      await user.call('PATCH', `/videos/${videoId}`, { body: { visibility } });
      const { search } = new URL((await detailOf(videoId)).video.watch_url);
      assert.equal(search === '', visibility === 'public');
      const seen = await api.call('GET', `/videos/${videoId}${search}`);
      assert.equal(seen.as(guestVideoDetailSchema).video.title, 'film');
      assert.equal(
        (await stranger.call('PATCH', `/videos/${videoId}`, { body: { title: 'x' } })).status,
        404,
      );
    }
    const bad = await api.call('GET', `/videos/${videoId}`, { token: 'nonsense' });
    assert.equal(bad.status, 401);
  });

  test('the link of the watch page shows a private video, and cannot be renewed with it', async () => {
    const videoId = await uploadSomething(user);
    const link = new URL((await detailOf(videoId)).video.watch_url).search;
    const seen = await api.call('GET', `/videos/${videoId}${link}`);
    assert.equal(seen.status, 200);
    assert.ok(!seen.text.includes('watch_url') && !seen.text.includes(link));
    const altered = await api.call('GET', `/videos/${videoId}${link.replace('signature=', 'signature=A')}`);
    assert.deepEqual([altered.status, altered.error.code], [403, 'signature_invalid']);
  });

  test('rejects an empty change, and one that is too long', async () => {
    const videoId = await uploadSomething(user);
    const bodies = [{}, { title: '' }, { title: 'x'.repeat(201) }, { visibility: 'secret' }, []];
    for (const body of bodies) {
      const response = await user.call('PATCH', `/videos/${videoId}`, { body });
      assert.deepEqual(
        [response.status, response.error.code],
        [400, 'validation_failed'],
        JSON.stringify(body),
      );
    }
  });

  test('lists the user’s own videos by page, by state and by search', async () => {
    const lister = await api.signUp('lister');
    const names = ['Äpfel 100%.mp4', 'banana_split.mp4', 'Cherry.mp4'];
    const ids: number[] = [];
    for (const file_name of names) ids.push((await beginSingle(lister, { file_name })).videoId);
    const foreign = await uploadSomething(user);
    const list = async (query: string) => (await lister.call('GET', `/videos?${query}`)).as(videoListSchema);
    const titles = async (query: string) => (await list(query)).videos.map(({ title }) => title);
    assert.deepEqual(await titles(''), ['Cherry', 'banana_split', 'Äpfel 100%']);
    assert.deepEqual(await titles('sort=oldest&limit=1&offset=1'), ['banana_split']);
    assert.equal((await list('limit=1')).total, 3);
    assert.deepEqual(await titles('search=CHERRY'), ['Cherry']);
    assert.deepEqual(await titles('search=%25'), ['Äpfel 100%']);
    assert.deepEqual(await titles('search=_'), ['banana_split']);
    assert.deepEqual(await titles(`ids=${ids[0]},${foreign},${ids[2]}`), ['Cherry', 'Äpfel 100%']);
    assert.equal((await list('status=online')).total, 0);
    assert.equal((await list('status=uploading')).total, 3);
    for (const query of [
      'limit=0',
      'limit=101',
      'offset=-1',
      'status=lost',
      'sort=best',
      'ids=1,',
      'ids=x',
    ]) {
      assert.equal((await lister.call('GET', `/videos?${query}`)).error.code, 'validation_failed', query);
    }
  });

  test('canceling ends the tasks and broadcasts to the workers; retrying plans again', async () => {
    const heard: ControlMessage[] = [];
    const listener = await server.context.queue.onControl((message) => heard.push(message));
    const videoId = await uploadSomething(user);
    const canceled = await user.call('POST', `/videos/${videoId}/cancel`);
    assert.equal(canceled.as(videoResponseSchema).video.status, 'canceled');
    assert.equal((await user.call('POST', `/videos/${videoId}/cancel`)).status, 200);
    assert.deepEqual(
      (await tasksOf(videoId)).map(({ state }) => state),
      ['canceled'],
    );
    await waitFor('the workers to hear', () => heard.some((one) => one.type === 'cancel_video'));
    await listener.stop();
    const retried = await user.call('POST', `/videos/${videoId}/retry`);
    assert.deepEqual([retried.status, retried.as(videoResponseSchema).video.status], [202, 'transcoding']);
    assert.deepEqual(
      (await tasksOf(videoId)).map(({ planVersion }) => planVersion),
      [1, 2],
    );
    const again = await user.call('POST', `/videos/${videoId}/retry`);
    assert.deepEqual([again.status, again.error.code], [409, 'state_conflict']);
  });

  test('an online video can be neither canceled nor retried', async () => {
    const videoId = await uploadSomething(user);
    await setStatus(videoId, { status: 'online' });
    for (const action of ['cancel', 'retry']) {
      assert.equal((await user.call('POST', `/videos/${videoId}/${action}`)).error.code, 'state_conflict');
    }
  });

  test('a video without its source cannot be retried', async () => {
    const videoId = await uploadSomething(user);
    await setStatus(videoId, { status: 'failed' });
    const { models } = server.context.database;
    const { sourceKey } = await models.Video.findByPk(videoId, { rejectOnEmpty: true });
    await server.context.store.remove([sourceKey]);
    assert.equal((await user.call('POST', `/videos/${videoId}/retry`)).error.code, 'source_gone');
    assert.equal((await detailOf(videoId)).video.status, 'failed');
  });

  test('canceling an upload aborts it', async () => {
    const { videoId } = await beginSingle(user);
    const canceled = await user.call('POST', `/videos/${videoId}/cancel`);
    assert.equal(canceled.as(videoResponseSchema).video.status, 'canceled');
    assert.equal(await server.context.database.models.Upload.findByPk(videoId), null);
  });

  test('a deleted video is hidden at once, then its objects are removed, then its row', async () => {
    const { database, store } = server.context;
    const videoId = await uploadSomething(user);
    const folder = await findVideoFolder(database.models, videoId);
    await store.put(objectKeys.cover(folder), Buffer.from('x'), {
      contentType: 'image/jpeg',
      sizeBytes: 1,
    });
    assert.equal((await user.call('DELETE', `/videos/${videoId}`)).status, 204);
    assert.equal((await user.call('GET', `/videos/${videoId}`)).status, 404);
    assert.equal((await user.call('DELETE', `/videos/${videoId}`)).status, 404);
    assert.deepEqual(
      (await tasksOf(videoId)).map(({ state }) => state),
      ['canceled'],
    );
    const left = async (): Promise<string[]> => {
      const keys: string[] = [];
      for (const prefix of [objectKeys.rawPrefix(folder), objectKeys.processedPrefix(folder)]) {
        for await (const { key } of store.list(prefix)) keys.push(key);
      }
      return keys;
    };
    await waitFor('the objects to go', async () => (await left()).length === 0);
    // whoever held a signed URL until now may have written once more
    await store.put(`raw/${folder}/late`, Buffer.from('x'), { contentType: 'video/mp4', sizeBytes: 1 });
    const past = new Date(0);
    await database.models.Video.update(
      { deletedAt: past, putEndsAt: past, purgeAfter: past },
      { where: { id: videoId } },
    );
    await runScheduled(server.context, deletedVideos, new AbortController().signal);
    await waitFor('the row to go', async () => (await database.models.Video.findByPk(videoId)) === null);
    assert.deepEqual(await left(), []);
    assert.deepEqual(await tasksOf(videoId), []);
  });

  test('the event stream sends the video at once and whenever it changes, and ends with it', async () => {
    const videoId = await uploadSomething(user);
    const events = await EventReader.open(`${server.url}/api/v1/videos/${videoId}/events`, user.token);
    const first = videoDetailSchema.parse(await events.next());
    assert.deepEqual(first, await detailOf(videoId));
    await user.call('PATCH', `/videos/${videoId}`, { body: { title: 'renamed' } });
    assert.equal(videoDetailSchema.parse(await events.next()).video.title, 'renamed');
    await user.call('POST', `/videos/${videoId}/cancel`);
    assert.equal(videoDetailSchema.parse(await events.next()).video.status, 'canceled');
    assert.equal(await events.next(), null);
  });

  test('the event stream also sends changes by another server', async () => {
    const videoId = await uploadSomething(user);
    const events = await EventReader.open(`${server.url}/api/v1/videos/${videoId}/events`, user.token);
    await events.next();
    await setStatus(videoId, { status: 'failed' });
    assert.equal(videoDetailSchema.parse(await events.next()).video.status, 'failed');
    assert.equal(await events.next(), null);
  });

  test('the event stream ends for a viewer who loses access', async () => {
    const videoId = await uploadSomething(user);
    await user.call('PATCH', `/videos/${videoId}`, { body: { visibility: 'public' } });
    const url = `${server.url}/api/v1/videos/${videoId}/events`;
    const [guest, owner] = [await EventReader.open(url), await EventReader.open(url, user.token)];
    await Promise.all([guest.next(), owner.next()]);
    await user.call('PATCH', `/videos/${videoId}`, { body: { visibility: 'private' } });
    assert.equal(await guest.next(), null);
    assert.equal(videoDetailSchema.parse(await owner.next()).video.visibility, 'private');
    await user.call('DELETE', `/videos/${videoId}`);
    assert.equal(await owner.next(), null);
  });

  test('a server that stops ends its streams at once', async () => {
    const other = await startTestServer();
    const owner = await (await DocumentedApi.of(other.url)).signUp('owner');
    const { videoId, url } = await beginSingle(owner);
    await put(url, new Uint8Array(1));
    const events = await EventReader.open(`${other.url}/api/v1/videos/${videoId}/events`, owner.token);
    await events.next();
    await other.stop();
    assert.equal(await events.next(), null);
    await assert.rejects(fetch(`${other.url}/healthz`));
  });
});
