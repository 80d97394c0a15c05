import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from '@reelmill/shared/contracts/limits.ts';
import { Op } from 'sequelize';
import type { ApiResponse, ApiUser } from '../../support/apiClient.ts';
import { outcomeOf, type RaceStage } from '../../support/raceStage.ts';
import { beginSingle, complete, put } from '../../support/uploads.ts';

/** `raceStage.ts` configures it. */
const UNFINISHED_PER_HOUR = 40;
const SINGLE_UPLOADS = 16;

/** Every limit holds whoever asks at once: it is counted under a lock. */
export function limitRaces(open: () => RaceStage): void {
  const atOnce = (
    times: number,
    user: ApiUser,
    call: (who: ApiUser) => Promise<ApiResponse>,
  ): Promise<string[]> => {
    const twin = open().elsewhere(user);
    const calls = Array.from({ length: times }, (_, index) => call(index % 2 === 0 ? user : twin));
    return Promise.all(calls).then((answers) => answers.map(outcomeOf).sort());
  };
  const begin = (who: ApiUser, body: object = {}) =>
    who.call('POST', '/videos/upload/initiate', { body: { file_name: 'film.mp4', ...body } });
  const limitTo = async (user: ApiUser, quota: object): Promise<void> => {
    const answer = await open().boss.call('PATCH', `/admin/users/${user.userId}`, { body: { quota } });
    assert.equal(answer.status, 200, answer.text);
  };
  const expected = (ok: number, refused: number, code: string) => [
    ...Array(ok).fill('200'),
    ...Array(refused).fill(code),
  ];

  test('50 webhooks at once are as many as an account may have', async () => {
    const user = await open().addUser();
    const outcomes = await atOnce(50, user, (who) =>
      who.call('POST', '/webhooks', { body: { url: 'https://example.org/hook' } }),
    );
    const max = LIMITS.webhooksPerUser;
    assert.deepEqual(outcomes, [...Array(max).fill('201'), ...Array(50 - max).fill('409 state_conflict')]);
    const { userId } = user;
    assert.equal(await open().models.WebhookEndpoint.count({ where: { userId } }), max);
  });

  test('uploads at once are as many videos as the quota has', async () => {
    const user = await open().addUser();
    await limitTo(user, { videos: 5 });
    const outcomes = await atOnce(20, user, begin);
    assert.deepEqual(outcomes, expected(5, 15, '403 quota_exceeded'));
  });

  test('uploads at once are as many bytes as the quota has, by what is announced and by what is found', async () => {
    const user = await open().addUser();
    await limitTo(user, { bytes: 50 });
    const announced = await atOnce(12, user, (who) => begin(who, { size_bytes: 10 }));
    assert.deepEqual(announced, expected(5, 7, '403 quota_exceeded'));

    const other = await open().addUser();
    const uploads = await Promise.all(Array.from({ length: 6 }, () => beginSingle(other)));
    for (const { url } of uploads) assert.equal(await put(url, new Uint8Array(20)), 200);
    await limitTo(other, { bytes: 50 });
    const waiting = uploads.map(({ videoId }) => videoId);
    const found = await atOnce(6, other, (who) => complete(who, waiting.pop() ?? 0));
    assert.deepEqual(found, [...Array(2).fill('202'), ...Array(4).fill('403 quota_exceeded')]);
  });

  test('uploads at once are as many as may be begun within an hour, and open at a time', async () => {
    const user = await open().addUser();
    const outcomes = await atOnce(UNFINISHED_PER_HOUR + 10, user, begin);
    assert.deepEqual(outcomes, expected(UNFINISHED_PER_HOUR, 10, '429 rate_limited'));
    const where = { userId: user.userId, expiresAt: { [Op.gt]: new Date() } };
    assert.equal(await open().models.Upload.count({ where }), SINGLE_UPLOADS);
  });

  test('devices that log in at once are as many as are remembered', async () => {
    const { models, apis, addUser } = open();
    const user = await addUser();
    const { email, password } = user;
    const body = { email, password, device_token: null };
    const logins = await Promise.all(
      Array.from({ length: 25 }, (_, index) =>
        apis[index % apis.length]?.call('POST', '/users/login', { body }),
      ),
    );
    assert.deepEqual([...new Set(logins.map((answer) => answer?.status))], [200]);
    assert.ok((await models.KnownDevice.count({ where: { userId: user.userId, kind: 'token' } })) <= 10);
  });
}
