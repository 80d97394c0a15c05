import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  type DeadLetter,
  deadLetterListSchema,
  discardResponseSchema,
  farmTaskSchema,
  replayResponseSchema,
} from '@reelmill/shared/contracts/admin.ts';
import {
  adminUserListSchema,
  adminUserPasswordSchema,
  adminUserSchema,
} from '@reelmill/shared/contracts/adminUsers.ts';
import { adminVideoListSchema, adminVideoSchema } from '@reelmill/shared/contracts/adminVideos.ts';
import { completeUploadResponseSchema } from '@reelmill/shared/contracts/uploads.ts';
import { meSchema, sessionSchema } from '@reelmill/shared/contracts/users.ts';
import { type ApiUser, DocumentedApi } from '../support/apiClient.ts';
import { EventReader } from '../support/eventReader.ts';
import { addFailedTask, buryTask } from '../support/farmTroubles.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { beginMultipart, beginSingle, complete, put, uploadSomething } from '../support/uploads.ts';

const ADMIN = { email: 'boss@example.org', password: 'the password of the boss' };

describe('what admins do', () => {
  let server: TestServer;
  let api: DocumentedApi;
  let admin: ApiUser;
  before(async () => {
    server = await startTestServer({
      env: {
        ADMIN_EMAIL: ADMIN.email,
        ADMIN_PASSWORD: ADMIN.password,
        REGISTRATION: 'open',
        QUOTA_BYTES: '1000',
      },
    });
    api = await DocumentedApi.of(server.url);
    admin = await api.logIn(ADMIN);
  });
  after(() => server.stop());

  const patchUser = (user: ApiUser, body: object) =>
    admin.call('PATCH', `/admin/users/${user.userId}`, { body });
  const readMe = async (user: ApiUser) => (await user.call('GET', '/me')).as(meSchema);

  describe('accounts', () => {
    test('creates one with a generated password, which its owner replaces', async () => {
      const made = await admin.call('POST', '/admin/users', {
        body: { email: 'Kim@example.org', role: 'creator', quota: { videos: 3 } },
      });
      assert.equal(made.status, 201, made.text);
      const { user, password } = made.as(adminUserPasswordSchema);
      assert.deepEqual(
        [user.email, user.nickname, user.password_temporary],
        ['kim@example.org', 'kim', true],
      );
      assert.deepEqual(user.quota.videos, { used: 0, limit: 3 });
      assert.match(password ?? '', /^[a-z2-9]{5}(-[a-z2-9]{5}){3}$/);

      const kim = await api.logIn({ email: user.email, password: password ?? '' });
      assert.equal((await readMe(kim)).password_temporary, true);
      const change = (current_password: string) =>
        kim.call('POST', '/me/password', { body: { current_password, new_password: 'my own password' } });
      assert.equal((await change('not it')).error.code, 'wrong_credentials');
      const session = (await change(password ?? '')).as(sessionSchema);
      assert.equal(session.user.password_temporary, false);
      assert.equal((await kim.call('GET', '/me')).error.code, 'unauthorized');
      assert.equal((await api.call('GET', '/me', { token: session.token })).status, 200);
      const body = { refresh_token: kim.refreshToken };
      assert.equal((await api.call('POST', '/users/refresh', { body })).error.code, 'refresh_token_invalid');
      await api.logIn({ email: user.email, password: 'my own password' });
    });

    test('rejects a registered address and a weak password', async () => {
      const again = await admin.call('POST', '/admin/users', { body: { email: ADMIN.email } });
      assert.deepEqual([again.status, again.error.code], [409, 'email_taken']);
      const body = { email: 'weak@example.org', password: 'short' };
      assert.equal((await admin.call('POST', '/admin/users', { body })).error.code, 'validation_failed');
    });

    test('a disabled one loses access at once, and keeps its videos', async () => {
      const user = await api.signUp('lou');
      const { videoId, plan } = await beginMultipart(user, 900);
      assert.equal(await put(plan.urls[0]?.url, new Uint8Array(900)), 200);
      const events = await EventReader.open(`${server.url}/api/v1/videos/${videoId}/events`, user.token);
      await events.next();
      assert.equal((await patchUser(user, { disabled: true })).as(adminUserSchema).disabled, true);
      assert.equal(await events.next(), null, 'what was followed is not told any more');
      const refused = await complete(user, videoId);
      assert.deepEqual([refused.status, refused.error.code], [403, 'account_disabled']);
      const { users } = (await admin.call('GET', '/admin/users?disabled=true')).as(adminUserListSchema);
      assert.deepEqual(
        users.map(({ email, video_count }) => [email, video_count]),
        [[user.email, 1]],
      );
      await patchUser(user, { disabled: false });
      assert.equal((await user.call('GET', '/me')).error.code, 'unauthorized', 'an old session stays ended');
      const back = await api.logIn(user);
      assert.equal((await complete(back, videoId)).status, 202);
    });

    test('resetting a password ends every session', async () => {
      const user = await api.signUp('mia');
      const path = `/admin/users/${user.userId}/password`;
      const { password } = (await admin.call('POST', path, { body: {} })).as(adminUserPasswordSchema);
      assert.equal((await user.call('GET', '/me')).error.code, 'unauthorized');
      const { email } = user;
      const old = await api.call('POST', '/users/login', { body: { email, password: user.password } });
      assert.equal(old.status, 401);
      const mia = await api.logIn({ email, password: password ?? '' });
      assert.equal((await readMe(mia)).password_temporary, true);
      const given = await admin.call('POST', path, { body: { password: 'a given password' } });
      assert.equal(given.as(adminUserPasswordSchema).password, null);
      await api.logIn({ email, password: 'a given password' });
      assert.equal((await admin.call('POST', '/admin/users/99999/password', { body: {} })).status, 404);
    });
  });

  describe('quotas', () => {
    test('rejects an upload beyond the quota before a byte is sent', async () => {
      const user = await api.signUp('nat');
      await beginMultipart(user, 600);
      const response = await user.call('POST', '/videos/upload/initiate', {
        body: { file_name: 'b.mp4', size_bytes: 401 },
      });
      assert.deepEqual([response.status, response.error.code], [403, 'quota_exceeded']);
      assert.deepEqual(response.error.details, { what: 'bytes', limit: 1000, used: 600, asked: 401 });
      assert.match(response.error.message, /600 B of 1000 B/);
      assert.deepEqual((await readMe(user)).quota, {
        bytes: { used: 600, limit: 1000 },
        videos: { used: 1, limit: null },
        running_tasks: { used: 0, limit: null },
        queued_minutes: { used: 0, limit: 1440 },
        daily_minutes: { used: 0, limit: null },
      });
      await patchUser(user, { quota: { bytes: 'unlimited', videos: 2 } });
      await beginMultipart(user, 401);
      const third = await user.call('POST', '/videos/upload/initiate', { body: { file_name: 'c.mp4' } });
      assert.deepEqual(third.error.details, { what: 'videos', limit: 2, used: 2, asked: 1 });
    });

    test('rejects a file of unknown size beyond the quota, and accepts it once there is room', async () => {
      const user = await api.signUp('ole');
      const early = await beginSingle(user);
      assert.equal(await put(early.url, new Uint8Array(1001)), 413);
      assert.equal((await complete(user, early.videoId)).error.code, 'upload_incomplete');
      assert.equal((await user.call('DELETE', `/videos/${early.videoId}`)).status, 204);
      await patchUser(user, { quota: { bytes: 1001 } });
      const { videoId, url } = await beginSingle(user);
      assert.equal(await put(url, new Uint8Array(1001)), 200);
      const { video } = (await complete(user, videoId)).as(completeUploadResponseSchema);
      assert.deepEqual([video.status, video.size_bytes], ['transcoding', 1001]);
      await patchUser(user, { quota: { bytes: 1 } });
      assert.equal((await complete(user, videoId)).status, 202, 'what is complete stays so');
      await user.call('DELETE', `/videos/${videoId}`);
      assert.equal((await readMe(user)).quota?.bytes.used, 0);
    });

    test('a multipart upload beyond the quota stays open until there is room', async () => {
      const user = await api.signUp('pia');
      const { videoId, plan } = await beginMultipart(user, 500);
      assert.equal(await put(plan.urls[0]?.url, new Uint8Array(500)), 200);
      await patchUser(user, { quota: { bytes: 499 } });
      assert.equal((await complete(user, videoId)).error.code, 'quota_exceeded');
      const resumed = await user.call('GET', `/videos/${videoId}/upload`);
      assert.equal(resumed.error.code, 'quota_exceeded');
      await patchUser(user, { quota: { bytes: 'default' } });
      assert.equal((await complete(user, videoId)).status, 202);
    });
  });

  describe('videos and tasks', () => {
    test('lists those of all users, by owner and by state, and sets a priority', async () => {
      const [quinn, rob] = [await api.signUp('quinn'), await api.signUp('rob')];
      const videoId = await uploadSomething(quinn, { title: 'Of Quinn' });
      await beginMultipart(quinn, 10);
      await uploadSomething(rob);
      const list = async (query: string) =>
        (await admin.call('GET', `/admin/videos?${query}`)).as(adminVideoListSchema);
      assert.equal((await list(`owner=${quinn.userId}`)).total, 2);
      const { videos } = await list(`owner=${quinn.userId}&status=transcoding&search=quinn`);
      assert.deepEqual(
        videos.map(({ video, owner, priority }) => [video.id, owner.email, priority]),
        [[videoId, quinn.email, 'normal']],
      );
      const changed = await admin.call('PATCH', `/admin/videos/${videoId}`, { body: { priority: 'high' } });
      assert.equal(changed.as(adminVideoSchema).priority, 'high');
      assert.equal(
        (await quinn.call('PATCH', `/admin/videos/${videoId}`, { body: { priority: 'low' } })).status,
        403,
      );
    });

    test('shows the diagnostics that creators do not see', async () => {
      const user = await api.signUp('sam');
      const videoId = await uploadSomething(user);
      await server.context.database.models.Video.update(
        { status: 'failed', errorCode: 'internal', errorMessage: 'Sorry.', errorDiagnostics: 'exit code 7' },
        { where: { id: videoId } },
      );
      const { videos } = (await admin.call('GET', `/admin/videos?ids=${videoId}`)).as(adminVideoListSchema);
      assert.deepEqual([videos[0]?.diagnostics, videos[0]?.video.error?.message], ['exit code 7', 'Sorry.']);
    });

    test('retries a failed task of a transcoding video, and no other one', async () => {
      const user = await api.signUp('tom');
      const videoId = await uploadSomething(user);
      const taskId = await addFailedTask(server.context, videoId);
      const retry = () => admin.call('POST', `/admin/tasks/${taskId}/retry`);
      const task = (await retry()).as(farmTaskSchema);
      assert.deepEqual([task.state, task.attempt], ['pending', 0]);
      const { Task } = server.context.database.models;
      await Task.update({ state: 'running' }, { where: { id: taskId } });
      assert.equal((await retry()).error.code, 'state_conflict');
      await Task.update({ state: 'failed' }, { where: { id: taskId } });
      await admin.call('POST', `/videos/${videoId}/cancel`);
      assert.equal((await retry()).error.code, 'state_conflict');
    });
  });

  describe('dead letters', () => {
    const readLetters = async (): Promise<DeadLetter[]> =>
      (await admin.call('GET', '/admin/dead-letters')).as(deadLetterListSchema).dead_letters;

    test('replays and discards them one by one', async () => {
      const user = await api.signUp('uma');
      for (const _ of [1, 2, 3]) await buryTask(server.context, await uploadSomething(user));
      const [first, second, third] = await readLetters();
      const discard = (body: object) => admin.call('POST', '/admin/dead-letters/discard', { body });
      assert.equal((await discard({})).error.code, 'validation_failed');
      const one = await discard({ ids: [second?.id] });
      assert.equal(one.as(discardResponseSchema).discarded, 1);
      const body = { ids: [third?.id] };
      const replayed = await admin.call('POST', '/admin/dead-letters/replay', { body });
      assert.equal(replayed.as(replayResponseSchema).replayed, 1);
      assert.deepEqual(
        (await readLetters()).map(({ id }) => id),
        [first?.id],
      );
      assert.equal((await discard({ limit: 10 })).as(discardResponseSchema).discarded, 1);
    });
  });
});
