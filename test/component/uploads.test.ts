import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { runScheduled } from '@reelmill/server/maintenance/run.ts';
import { staleUploads } from '@reelmill/server/maintenance/staleUploads.ts';
import {
  duplicatesResponseSchema,
  resumableResponseSchema,
  signPartsResponseSchema,
  uploadStatusSchema,
} from '@reelmill/shared/contracts/uploads.ts';
import { videoDetailSchema } from '@reelmill/shared/contracts/videos.ts';
import { type ApiUser, DocumentedApi } from '../support/apiClient.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { beginMultipart, beginSingle, complete, put, uploadSomething } from '../support/uploads.ts';

const MEBIBYTE = 1024 ** 2;
const MAX_BYTES = 40 * MEBIBYTE;
const SIZE = 16 * MEBIBYTE + 5;
const FINGERPRINT = 'ab'.repeat(32);

describe('uploads', () => {
  let server: TestServer;
  let user: ApiUser;
  let stranger: ApiUser;
  before(async () => {
    server = await startTestServer({ env: { MAX_UPLOAD_BYTES: String(MAX_BYTES) } });
    const api = await DocumentedApi.of(server.url);
    user = await api.signUp('ann');
    stranger = await api.signUp('eve');
  });
  after(() => server.stop());

  const get = async (videoId: number) =>
    (await user.call('GET', `/videos/${videoId}`)).as(videoDetailSchema).video;
  const tasksOf = (videoId: number) => server.context.database.models.Task.findAll({ where: { videoId } });
  const rowOf = (videoId: number) =>
    server.context.database.models.Video.findByPk(videoId, { rejectOnEmpty: true });

  describe('as one PUT', () => {
    test('initiate, PUT, complete; completing again returns the same and plans nothing twice', async () => {
      const { videoId, url } = await beginSingle(user, { file_name: 'My Film.mp4', description: 'mine' });
      const begun = await get(videoId);
      assert.deepEqual([begun.status, begun.title, begun.description], ['uploading', 'My Film', 'mine']);
      assert.equal(await put(url, new Uint8Array(1000)), 200);
      const first = await complete(user, videoId);
      const second = await complete(user, videoId);
      assert.deepEqual([first.status, second.status], [202, 202]);
      const [a, b] = [first, second].map((response) => JSON.parse(response.text));
      assert.equal(a.message, b.message);
      assert.equal(a.video.status, 'transcoding');
      assert.equal(a.video.size_bytes, 1000);
      const tasks = await tasksOf(videoId);
      assert.deepEqual(
        tasks.map(({ kind }) => kind),
        ['inspect'],
      );
      assert.equal(await server.context.database.models.Upload.findByPk(videoId), null);
    });

    test('rejects complete before the upload, and loses nothing', async () => {
      const { videoId, url } = await beginSingle(user);
      const early = await complete(user, videoId);
      assert.deepEqual([early.status, early.error.code], [409, 'upload_incomplete']);
      await put(url, new Uint8Array(10));
      assert.equal((await complete(user, videoId)).status, 202);
    });

    test('rejects an empty file, which may be sent again', async () => {
      const { videoId, url } = await beginSingle(user);
      await put(url, new Uint8Array(0));
      const empty = await complete(user, videoId);
      assert.deepEqual([empty.status, empty.error.code], [409, 'empty_file']);
      await put(url, new Uint8Array(10));
      assert.equal((await complete(user, videoId)).status, 202);
    });

    test('rejects a file above the limit', async () => {
      const { videoId, url } = await beginSingle(user);
      assert.equal(await put(url, new Uint8Array(MAX_BYTES + 1)), 413);
      const nothing = await complete(user, videoId);
      assert.deepEqual([nothing.status, nothing.error.code], [409, 'upload_incomplete']);
      // through a store that takes it all the same
      const { putKey } = await rowOf(videoId);
      await server.context.store.put(putKey ?? '', Buffer.alloc(MAX_BYTES + 1), {
        contentType: 'video/mp4',
        sizeBytes: MAX_BYTES + 1,
      });
      const response = await complete(user, videoId);
      assert.deepEqual([response.status, response.error.code], [413, 'too_large']);
      assert.equal(await server.context.store.stat(putKey ?? ''), null);
      assert.equal((await get(videoId)).status, 'uploading');
    });

    test('a single upload has no parts', async () => {
      const { videoId } = await beginSingle(user);
      assert.equal((await user.call('GET', `/videos/${videoId}/upload`)).error.code, 'state_conflict');
    });
  });

  describe('in parts', () => {
    let videoId: number;
    let urls: string[];
    beforeEach(async () => {
      const begun = await beginMultipart(user, SIZE, {
        fingerprint: FINGERPRINT,
        last_modified: 1_700_000_000_123,
      });
      ({ videoId } = begun);
      assert.deepEqual([begun.plan.part_size, begun.plan.part_count], [16 * MEBIBYTE, 2]);
      urls = begun.plan.urls.map(({ url }) => url);
      assert.equal(urls.length, 2);
    });

    test('parts, then complete: the object is the file', async () => {
      const first = new Uint8Array(16 * MEBIBYTE).fill(7);
      assert.equal(await put(urls[0], first), 200);
      const status = (await user.call('GET', `/videos/${videoId}/upload`)).as(uploadStatusSchema);
      assert.deepEqual(
        status.parts.map(({ part_number, size }) => [part_number, size]),
        [[1, first.length]],
      );
      assert.equal(status.last_modified, 1_700_000_000_123);
      const body = { part_numbers: [2] };
      const signed = await user.call('POST', `/videos/${videoId}/upload/parts`, { body });
      const [second] = signed.as(signPartsResponseSchema).urls;
      assert.equal(await put(second?.url, new Uint8Array(5).fill(9)), 200);
      const responses = await Promise.all(Array.from({ length: 5 }, () => complete(user, videoId)));
      assert.deepEqual(
        responses.map((response) => response.status),
        [202, 202, 202, 202, 202],
      );
      assert.equal((await tasksOf(videoId)).length, 1);
      const object = await server.context.store.stat((await rowOf(videoId)).sourceKey);
      assert.equal(object?.sizeBytes, SIZE);
      assert.equal((await user.call('GET', `/videos/${videoId}/upload`)).error.code, 'state_conflict');
    });

    test('complete lists missing parts', async () => {
      const none = await complete(user, videoId);
      assert.deepEqual([none.status, none.error.code], [409, 'upload_incomplete']);
      assert.deepEqual(none.error.details, { missing_count: 2, missing_parts: [1, 2] });
      await put(urls[1], new Uint8Array(5));
      assert.deepEqual((await complete(user, videoId)).error.details, {
        missing_count: 1,
        missing_parts: [1],
      });
      await put(urls[0], new Uint8Array(16 * MEBIBYTE));
      assert.equal((await complete(user, videoId)).status, 202);
    });

    test('a part of the wrong size never becomes a video', async () => {
      await put(urls[0], new Uint8Array(16 * MEBIBYTE));
      await put(urls[1], new Uint8Array(4));
      const response = await complete(user, videoId);
      // a store that knows the plan refuses the part itself, so that it is missing; S3 takes it
      assert.equal(response.status, 409);
      assert.ok(['upload_incomplete', 'part_size_mismatch'].includes(response.error.code));
      assert.equal((await tasksOf(videoId)).length, 0);
      await put(urls[1], new Uint8Array(5));
      assert.equal((await complete(user, videoId)).status, 202);
    });

    test('complete lists parts of another size than planned', async () => {
      await put(urls[0], new Uint8Array(16 * MEBIBYTE));
      await put(urls[1], new Uint8Array(5));
      // the plan changes under the parts, as if the store had taken one that is too short
      await server.context.database.models.Upload.update({ sizeBytes: SIZE + 1 }, { where: { videoId } });
      const response = await complete(user, videoId);
      assert.deepEqual([response.status, response.error.code], [409, 'part_size_mismatch']);
      assert.deepEqual(response.error.details, { parts: [{ part_number: 2, size: 5, expected_size: 6 }] });
    });

    test('the next complete finishes one that was interrupted after the store joined the parts', async () => {
      await put(urls[0], new Uint8Array(16 * MEBIBYTE));
      await put(urls[1], new Uint8Array(5));
      await joinAsADyingServer(videoId);
      assert.equal((await get(videoId)).status, 'uploading');
      assert.equal((await complete(user, videoId)).status, 202);
      assert.equal((await tasksOf(videoId)).length, 1);
    });

    test('and so does reading the status of the upload, the first request of another machine', async () => {
      await put(urls[0], new Uint8Array(16 * MEBIBYTE));
      await put(urls[1], new Uint8Array(5));
      await joinAsADyingServer(videoId);
      assert.equal((await user.call('GET', `/videos/${videoId}/upload`)).error.code, 'state_conflict');
      assert.equal((await get(videoId)).status, 'transcoding');
    });

    test('finds an open upload of the same file, for its owner only', async () => {
      const path = `/videos/upload/resumable?fingerprint=${FINGERPRINT}&size_bytes=${SIZE}`;
      assert.equal((await user.call('GET', path)).as(resumableResponseSchema).upload?.video_id, videoId);
      assert.equal((await stranger.call('GET', path)).as(resumableResponseSchema).upload, null);
      const other = path.replace(String(SIZE), String(SIZE + 2));
      assert.equal((await user.call('GET', other)).as(resumableResponseSchema).upload, null);
    });

    test('aborting cancels the video and removes the parts; aborting twice is harmless', async () => {
      await put(urls[1], new Uint8Array(5));
      const path = `/videos/${videoId}/upload`;
      assert.equal((await user.call('DELETE', path)).status, 204);
      assert.equal((await user.call('DELETE', path)).status, 204);
      assert.equal((await get(videoId)).status, 'canceled');
      for (const response of [await user.call('GET', path), await complete(user, videoId)]) {
        assert.deepEqual([response.status, response.error.code], [409, 'upload_gone']);
      }
      assert.equal(await put(urls[0], new Uint8Array(16 * MEBIBYTE)), 404);
      const retry = await user.call('POST', `/videos/${videoId}/retry`);
      assert.equal(retry.error.code, 'state_conflict');
    });

    test('does not sign parts beyond the plan', async () => {
      const path = `/videos/${videoId}/upload/parts`;
      for (const part_numbers of [[3], [0], []]) {
        assert.equal(
          (await user.call('POST', path, { body: { part_numbers } })).error.code,
          'validation_failed',
        );
      }
    });

    test('another user can neither see, sign, complete nor abort an upload', async () => {
      const responses = [
        await stranger.call('GET', `/videos/${videoId}/upload`),
        await stranger.call('POST', `/videos/${videoId}/upload/parts`, { body: { part_numbers: [1] } }),
        await stranger.call('DELETE', `/videos/${videoId}/upload`),
        await complete(stranger, videoId),
      ];
      for (const response of responses)
        assert.deepEqual([response.status, response.error.code], [404, 'not_found']);
      assert.equal((await get(videoId)).status, 'uploading');
    });

    test('an upload that expires is canceled, with the reason', async () => {
      await put(urls[1], new Uint8Array(5));
      const { models } = server.context.database;
      await models.Upload.update({ expiresAt: new Date(0) }, { where: { videoId } });
      assert.equal((await user.call('GET', `/videos/${videoId}/upload`)).error.code, 'upload_gone');
      await runScheduled(server.context, staleUploads, new AbortController().signal);
      const video = await get(videoId);
      assert.deepEqual([video.status, video.error?.code], ['canceled', 'upload_gone']);
      assert.equal(await models.Upload.findByPk(videoId), null);
      assert.equal(await put(urls[0], new Uint8Array(16 * MEBIBYTE)), 404);
    });

    async function joinAsADyingServer(id: number): Promise<void> {
      const { database, store } = server.context;
      const upload = await database.models.Upload.findByPk(id, { rejectOnEmpty: true });
      const ref = { key: (await rowOf(id)).sourceKey, uploadId: upload.storeUploadId ?? '' };
      await store.completeUpload(ref, await store.listParts(ref));
    }
  });

  test('finds videos of the same file, newest first, for their owner only', async () => {
    const fingerprint = 'cd'.repeat(32);
    const path = `/videos/upload/duplicates?fingerprint=${fingerprint}&size_bytes=3`;
    const find = async (who: ApiUser, where = path) =>
      (await who.call('GET', where)).as(duplicatesResponseSchema).videos.map(({ id }) => id);
    const { models } = server.context.database;
    const mark = (id: number, status: 'online' | 'failed' | 'canceled') =>
      models.Video.update({ status }, { where: { id } });
    assert.deepEqual(await find(user), []);
    const online = await uploadSomething(user, { fingerprint });
    const failed = await uploadSomething(user, { fingerprint });
    const canceled = await uploadSomething(user, { fingerprint });
    const transcoding = await uploadSomething(user, { fingerprint });
    await beginSingle(user, { fingerprint });
    await uploadSomething(user, { fingerprint: FINGERPRINT });
    await Promise.all([mark(online, 'online'), mark(failed, 'failed'), mark(canceled, 'canceled')]);
    assert.deepEqual(await find(user), [transcoding, failed, online]);
    assert.deepEqual(await find(stranger), []);
    assert.deepEqual(await find(user, path.replace('size_bytes=3', 'size_bytes=4')), []);

    // a failed one without its source cannot be had without another upload
    await server.context.store.remove([(await rowOf(failed)).sourceKey]);
    assert.deepEqual(await find(user), [transcoding, online]);
    assert.equal((await user.call('DELETE', `/videos/${online}`)).status, 204);
    assert.deepEqual(await find(user), [transcoding]);
    const more = await Promise.all(Array.from({ length: 6 }, () => uploadSomething(user, { fingerprint })));
    assert.deepEqual(await find(user), more.sort((a, b) => b - a).slice(0, 5));
    const bad = await user.call('GET', path.replace('cd', 'xy'));
    assert.equal(bad.error.code, 'validation_failed');
  });

  test('rejects impossible sizes', async () => {
    const begin = (body: object) =>
      user.call('POST', '/videos/upload/initiate', { body: { file_name: 'a.mp4', ...body } });
    for (const size_bytes of [0, -1, 1.5, '5', null]) {
      const response = await begin({ size_bytes });
      assert.deepEqual(
        [response.status, response.error.code],
        [400, 'validation_failed'],
        String(size_bytes),
      );
    }
    const large = await begin({ size_bytes: MAX_BYTES + 1 });
    assert.deepEqual([large.status, large.error.code], [413, 'too_large']);
    assert.deepEqual(large.error.details, { size_bytes: MAX_BYTES + 1, max_bytes: MAX_BYTES });
  });

  test('accepts unusual file names, sanitizes them and never uses them as a path', async () => {
    const names: [string, string, RegExp][] = [
      ['../../etc/passwd', 'passwd', /^raw\/\d+-[0-9a-f]{32}\/[0-9a-f]{16}\/passwd$/],
      ['a/b\\c.mp4', 'c', /\/c\.mp4$/],
      ['line\nbreak\u0000.mp4', 'line break', /\/line_break\.mp4$/],
      ['🎬🎉.mp4', '🎬🎉', /\/video\.mp4$/],
      [`${'é'.repeat(296)}.mp4`, 'é'.repeat(200), /^raw\/[\w-]+\/\w+\/[\w.-]{1,100}$/],
      ['x'.repeat(300), 'x'.repeat(200), /\/x{100}$/],
    ];
    for (const [fileName, title, key] of names) {
      const videoId = await uploadSomething(user, { file_name: fileName });
      const video = await get(videoId);
      assert.equal(video.title, title);
      assert.ok([...video.file_name].length <= 255);
      assert.doesNotMatch(video.file_name, /\p{Cc}/u);
      assert.match((await rowOf(videoId)).sourceKey, key);
    }
    for (const file_name of ['', 'x'.repeat(1001), 7]) {
      const response = await user.call('POST', '/videos/upload/initiate', { body: { file_name } });
      assert.equal(response.error.code, 'validation_failed');
    }
  });
});
