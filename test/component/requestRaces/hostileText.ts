import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adminUserListSchema } from '@reelmill/shared/contracts/adminUsers.ts';
import { LIMITS } from '@reelmill/shared/contracts/limits.ts';
import { registerResponseSchema } from '@reelmill/shared/contracts/users.ts';
import {
  videoDetailSchema,
  videoListSchema,
  videoResponseSchema,
} from '@reelmill/shared/contracts/videos.ts';
import { webhookResponseSchema, webhookSecretResponseSchema } from '@reelmill/shared/contracts/webhooks.ts';
import type { ApiResponse, ApiUser } from '../../support/apiClient.ts';
import type { RaceStage } from '../../support/raceStage.ts';
import { beginSingle } from '../../support/uploads.ts';

/** What no database takes as text, or not every one. */
const NO_TEXT = ['nul \0 inside', '\0', 'half \ud83c', '\udfac half'];
/** Four bytes in UTF-8, two units in JavaScript, one character. */
const EMOJI = '🎬';

/** Text of any kind, in every field and query that takes some: refused, or found again as it was sent; never a failure of ours. */
export function hostileText(open: () => RaceStage): void {
  const isRefused = (answer: ApiResponse, what: string): void => {
    assert.equal(answer.status, 400, `${what}: ${answer.text}`);
    assert.equal(answer.error.code, 'validation_failed', what);
  };

  test('queries find nothing or are refused, whatever they hold', async () => {
    const { boss } = open();
    const paths = [
      '/videos?search=',
      '/admin/users?search=',
      '/admin/videos?search=',
      '/admin/audit?target_id=',
    ];
    for (const path of paths) {
      for (const encoded of [
        '%00',
        'a%00b',
        '%F0%9F%8E%AC',
        '%ED%A0%80',
        '%FF',
        "'%22%5C%25_--;",
        'x'.repeat(101),
      ]) {
        const { status, text } = await boss.call('GET', `${path}${encoded}`);
        assert.ok(status === 200 || status === 400, `${path}${encoded}: ${status} ${text}`);
      }
      isRefused(await boss.call('GET', `${path}%00`), path);
      isRefused(await boss.call('GET', `${path}${'x'.repeat(101)}`), path);
      assert.equal((await boss.call('GET', `${path}${encodeURIComponent(EMOJI.repeat(100))}`)).status, 200);
    }
    for (const id of ['%00', 'a%00', '%F0%9F%8E%AC', 'x'.repeat(100), 'x'.repeat(101)]) {
      const { status, text } = await boss.call('POST', `/admin/workers/${id}/drain`);
      assert.ok(status === 404 || status === 400, `worker ${id}: ${status} ${text}`);
    }
  });

  test('text that is none is refused in every field', async () => {
    const { addUser } = open();
    const user = await addUser();
    const { videoId } = await beginSingle(user);
    for (const bad of NO_TEXT) {
      const calls: Record<string, Promise<ApiResponse>> = {
        nickname: register({ nickname: bad }),
        email: register({ email: `${bad}@example.org` }),
        title: user.call('PATCH', `/videos/${videoId}`, { body: { title: bad } }),
        description: user.call('PATCH', `/videos/${videoId}`, { body: { description: bad } }),
        'title of an upload': begin(user, { title: bad }),
        'description of an upload': begin(user, { description: bad }),
        'description of a webhook': webhook(user, { description: bad }),
        'address of a webhook': webhook(user, { url: bad }),
      };
      for (const [what, call] of Object.entries(calls))
        isRefused(await call, `${what} ${JSON.stringify(bad)}`);
      // a file system may have such names, so they are shown as well as can be
      const named = await begin(user, { file_name: `${bad}.mp4`, content_type: bad, last_modified: 0 });
      assert.equal(named.status, 200, named.text);
      const refreshed = await open().apis[0]?.call('POST', '/users/refresh', {
        body: { refresh_token: bad },
      });
      assert.equal(refreshed?.status, 401);
      const linked = await open().apis[0]?.call(
        'GET',
        `/videos/${videoId}?token=${encodeURIComponent(bad.toWellFormed())}`,
      );
      assert.equal(linked?.status, 403, linked?.text);
    }
  });

  test('a login fails for any password, device and forwarded address', async () => {
    const body = { email: 'nobody@example.org', password: NO_TEXT[0], device_token: NO_TEXT[2] };
    const headers = { 'X-Forwarded-For': `${'x'.repeat(400)}, ${'y'.repeat(400)}` };
    assert.equal((await open().apis[0]?.call('POST', '/users/login', { body, headers }))?.status, 401);
  });

  test('text of four-byte characters is kept up to the limit, and refused beyond it', async () => {
    const { boss, addUser } = open();
    const user = await addUser();
    const { videoId } = await beginSingle(user);
    const change = (body: object) => user.call('PATCH', `/videos/${videoId}`, { body });
    const title = EMOJI.repeat(LIMITS.titleCharacters);
    const description = EMOJI.repeat(LIMITS.descriptionCharacters);
    const changed = (await change({ title, description })).as(videoResponseSchema).video;
    assert.deepEqual([changed.title, changed.description], [title, description]);
    const { video } = (await user.call('GET', `/videos/${videoId}`)).as(videoDetailSchema);
    assert.deepEqual([video.title, video.description], [title, description]);
    const found = await user.call('GET', `/videos?search=${encodeURIComponent(EMOJI.repeat(50))}`);
    assert.deepEqual(
      found.as(videoListSchema).videos.map(({ id }) => id),
      [videoId],
    );
    isRefused(await change({ title: `${title}x` }), 'title');
    isRefused(await change({ description: `${description}x` }), 'description');

    const nickname = EMOJI.repeat(LIMITS.nicknameCharacters);
    const email = `emoji-${user.userId}@example.org`;
    assert.equal((await register({ nickname, email })).as(registerResponseSchema).user.nickname, nickname);
    const users = await boss.call('GET', `/admin/users?search=${encodeURIComponent(nickname)}`);
    assert.equal(users.as(adminUserListSchema).users[0]?.email, email);
    isRefused(await register({ nickname: `${nickname}x`, email: 'another@example.org' }), 'nickname');

    const about = EMOJI.repeat(LIMITS.webhookDescriptionCharacters);
    const made = (await webhook(user, { description: about })).as(webhookSecretResponseSchema).webhook;
    const read = (await user.call('GET', `/webhooks/${made.id}`)).as(webhookResponseSchema).webhook;
    assert.equal(read.description, about);
    isRefused(await webhook(user, { description: `${about}x` }), 'webhook');
    const origin = 'https://example.org';
    const longest = `${origin}/${'x'.repeat(LIMITS.webhookUrlCharacters - origin.length - 1)}`;
    assert.equal((await webhook(user, { url: longest })).status, 201);
    isRefused(await webhook(user, { url: `${longest}x` }), 'address');
    // it grows where it is written as an address must be
    isRefused(await webhook(user, { url: `${origin}/${EMOJI.repeat(500)}` }), 'address');
  });

  const register = (body: object): Promise<ApiResponse> =>
    open().boss.call('POST', '/users/register', {
      body: { nickname: 'Ann', email: 'ann-of-text@example.org', password: 'a good password', ...body },
    });
  const begin = (user: ApiUser, body: object): Promise<ApiResponse> =>
    user.call('POST', '/videos/upload/initiate', { body: { file_name: 'film.mp4', ...body } });
  const webhook = (user: ApiUser, body: object): Promise<ApiResponse> =>
    user.call('POST', '/webhooks', { body: { url: 'https://example.org/hook', ...body } });
}
