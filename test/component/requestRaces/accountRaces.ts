import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sessionSchema } from '@reelmill/shared/contracts/users.ts';
import { webhookResponseSchema, webhookSecretResponseSchema } from '@reelmill/shared/contracts/webhooks.ts';
import { Op } from 'sequelize';
import type { ApiResponse, ApiUser } from '../../support/apiClient.ts';
import { waitFor } from '../../support/processes.ts';
import { outcomeOf, type RaceStage, repeat } from '../../support/raceStage.ts';

const GRACE_MS = 60_000;

/** What users, their programs and admins can do to one account at the same time. */
export function accountRaces(open: () => RaceStage): void {
  const post = (path: string, body: object, index = 0): Promise<ApiResponse> => {
    const { apis } = open();
    return (apis[index % apis.length] ?? assert.fail('no server')).call('POST', path, { body });
  };
  const refresh = (token: string, index = 0): Promise<ApiResponse> =>
    post('/users/refresh', { refresh_token: token }, index);
  const tokenOf = (response: ApiResponse): string => {
    assert.equal(response.status, 200, response.text);
    return response.as(sessionSchema).refresh_token;
  };

  test('refreshes of one token at once get the same next one, and the session goes on', async () => {
    let token = (await open().addUser()).refreshToken;
    for (let round = 0; round < 5; round += 1) {
      const responses = await Promise.all([0, 1, 2, 3].map((index) => refresh(token, index)));
      const tokens = new Set(responses.map(tokenOf));
      assert.equal(tokens.size, 1);
      for (const response of responses) {
        const { token: access } = response.as(sessionSchema);
        assert.equal((await open().apis[0]?.call('GET', '/me', { token: access }))?.status, 200);
      }
      [token = ''] = tokens;
    }
  });

  test('of two programs with one session neither logs the other out, however far one is ahead within the grace', async () => {
    const first = (await open().addUser()).refreshToken;
    const second = tokenOf(await refresh(first));
    const third = tokenOf(await refresh(second, 1));
    assert.equal(tokenOf(await refresh(first)), third);
    assert.equal(tokenOf(await refresh(second, 1)), third);
    assert.notEqual(tokenOf(await refresh(third)), third);
  });

  test('a token that comes again after the grace ends the session, also for whoever has the next one', async () => {
    const { models, addUser } = open();
    const { refreshToken, userId } = await addUser();
    const [one, other] = await Promise.all([refresh(refreshToken), refresh(refreshToken, 1)]);
    const next = tokenOf(one);
    assert.equal(tokenOf(other), next);
    const usedAt = new Date(Date.now() - GRACE_MS - 1000);
    await models.RefreshToken.update({ usedAt }, { where: { userId, usedAt: { [Op.not]: null } } });
    assert.equal((await refresh(refreshToken)).error.code, 'refresh_token_reused');
    assert.equal((await refresh(next)).error.code, 'refresh_token_invalid');
  });

  test('a refresh beside the end of the session leaves no session behind', async () => {
    await repeat(12, async (round) => {
      const { refreshToken } = await open().addUser();
      const [refreshed, left] = await Promise.all([
        refresh(refreshToken, round),
        post('/users/logout', { refresh_token: refreshToken }, round + 1),
      ]);
      assert.equal(left.status, 204);
      assert.match(outcomeOf(refreshed), /^(200|401 refresh_token_invalid)$/);
      if (refreshed.status === 200) assert.equal((await refresh(tokenOf(refreshed))).status, 401);
    });
  });

  test('30 right logins of one account at once all succeed', async () => {
    const { email, password } = await open().addUser();
    const responses = await Promise.all(
      Array.from({ length: 30 }, (_, index) => post('/users/login', { email, password }, index)),
    );
    assert.deepEqual([...new Set(responses.map(outcomeOf))], ['200']);
  });

  test('of 20 password changes at once one succeeds, and its session and password alone are good', async () => {
    const user = await open().addUser();
    const twin = open().elsewhere(user);
    const passwords = Array.from({ length: 20 }, (_, index) => `another password ${index}`);
    const responses = await Promise.all(
      passwords.map((password, index) =>
        (index % 2 === 0 ? user : twin).call('POST', '/me/password', {
          body: { current_password: user.password, new_password: password },
          timeoutMs: 240_000,
        }),
      ),
    );
    const outcomes = responses.map(outcomeOf);
    const winners = passwords.filter((_, index) => outcomes[index] === '200');
    assert.equal(winners.length, 1, String(outcomes));
    assert.deepEqual(
      outcomes.filter(
        (outcome) => !/^(200|401 (wrong_credentials|unauthorized)|429 rate_limited)$/.test(outcome),
      ),
      [],
    );
    const session = responses[outcomes.indexOf('200')]?.as(sessionSchema) ?? assert.fail('no session');
    assert.equal((await open().apis[0]?.call('GET', '/me', { token: session.token }))?.status, 200);
    assert.equal((await refresh(user.refreshToken)).status, 401);
    assert.equal((await refresh(session.refresh_token, 1)).status, 200);
    const logIn = (password: string) => post('/users/login', { email: user.email, password });
    assert.equal((await logIn(winners[0] ?? '')).status, 200);
    assert.equal((await logIn(user.password)).status, 401);
  });

  test('of registrations with one address at once one succeeds', async () => {
    const body = { nickname: 'Ann', email: 'twice@example.org', password: 'a good password' };
    const responses = await Promise.all([0, 1, 2, 3].map((index) => post('/users/register', body, index)));
    assert.deepEqual(responses.map(outcomeOf).sort(), ['201', ...Array(3).fill('409 email_taken')]);
  });

  test('an account that is disabled beside its calls begins nothing afterwards', async () => {
    const { boss, models, addUser } = open();
    await repeat(8, async () => {
      const user = await addUser();
      const begin = (who: ApiUser) =>
        who.call('POST', '/videos/upload/initiate', { body: { file_name: 'film.mp4' } });
      const [disabled, begun, refreshed] = await Promise.all([
        boss.call('PATCH', `/admin/users/${user.userId}`, { body: { disabled: true } }),
        begin(open().elsewhere(user)),
        refresh(user.refreshToken),
      ]);
      assert.equal(disabled.status, 200);
      assert.match(outcomeOf(begun), /^(200|401 unauthorized|403 account_disabled)$/);
      assert.match(outcomeOf(refreshed), /^(200|401 refresh_token_invalid|403 account_disabled)$/);
      const before = await models.Video.count({ where: { userId: user.userId } });
      // a server that has not heard of it yet finds out when it locks the account
      assert.match(
        outcomeOf(await begin(open().elsewhere(user))),
        /^(401 unauthorized|403 account_disabled)$/,
      );
      assert.equal(await models.Video.count({ where: { userId: user.userId } }), before);
      if (refreshed.status === 200) assert.notEqual((await refresh(tokenOf(refreshed))).status, 200);
    });
  });

  test('of two admins who take the role from each other at once one stays', async () => {
    const { boss, models, addUser } = open();
    for (let round = 0; round < 6; round += 1) {
      const [one, other] = [await addUser(), await addUser()];
      await models.User.update({ role: 'admin' }, { where: { id: [one.userId, other.userId] } });
      await models.User.update({ role: 'creator' }, { where: { id: boss.userId } });
      const [a, b] = [one, open().elsewhere(other)];
      const demote = (admin: ApiUser, { userId }: ApiUser) =>
        admin.call('PATCH', `/admin/users/${userId}`, { body: { role: 'creator' } });
      const responses = await Promise.all([demote(a, other), demote(b, one)]);
      await models.User.update({ role: 'admin' }, { where: { id: boss.userId } });
      assert.match(responses.map(outcomeOf).sort().join(', '), /^200, (409 state_conflict|403 forbidden)$/);
      const left = await models.User.count({ where: { id: [one.userId, other.userId], role: 'admin' } });
      assert.equal(left, 1);
      await models.User.update({ role: 'creator' }, { where: { id: [one.userId, other.userId] } });
    }
    // each server may still take the boss for a creator for a moment
    for (const admin of [boss, open().elsewhere(boss)]) {
      const ask = async () => (await admin.call('GET', '/admin/users?limit=1')).status === 200;
      await waitFor('the boss to be an admin again', ask);
    }
  });

  test('a change of role beside calls that need it lets none through that should not be', async () => {
    const { boss, models, addUser } = open();
    await repeat(6, async () => {
      const user = await addUser();
      await models.User.update({ role: 'admin' }, { where: { id: user.userId } });
      const session = await open().apis[0]?.logIn(user);
      assert.ok(session);
      const ask = () => session.call('GET', '/admin/users?limit=1');
      const [demoted, asked] = await Promise.all([
        boss.call('PATCH', `/admin/users/${user.userId}`, { body: { role: 'creator' } }),
        ask(),
      ]);
      assert.equal(demoted.status, 200);
      assert.match(outcomeOf(asked), /^(200|403 forbidden)$/);
      assert.equal((await ask()).status, 403);
    });
  });

  test('webhooks that are changed, tested and removed at once end as one after the other', async () => {
    const user = await open().addUser();
    const twin = open().elsewhere(user);
    const create = async (): Promise<string> => {
      const response = await user.call('POST', '/webhooks', { body: { url: 'https://example.org/hook' } });
      return `/webhooks/${response.as(webhookSecretResponseSchema).webhook.id}`;
    };
    await repeat(8, async () => {
      const path = await create();
      const [removed, ...others] = await Promise.all([
        user.call('DELETE', path),
        twin.call('POST', `${path}/test`),
        twin.call('PATCH', path, { body: { enabled: false } }),
        twin.call('POST', `${path}/rotate-secret`),
      ]);
      assert.equal(removed.status, 204);
      for (const response of others)
        assert.match(outcomeOf(response), /^(20[02]|404 not_found|409 state_conflict)$/);
      assert.equal((await user.call('GET', path)).status, 404);
    });
    const path = await create();
    const id = Number(path.split('/').at(-1));
    await repeat(
      4,
      async () => {
        const responses = await Promise.all([
          user.call('POST', `${path}/rotate-secret`),
          twin.call('POST', `${path}/rotate-secret`),
          twin.call('PATCH', path, { body: { description: 'ours' } }),
        ]);
        const secrets = responses
          .slice(0, 2)
          .map((response) => response.as(webhookSecretResponseSchema).secret);
        assert.equal(responses[2]?.as(webhookResponseSchema).webhook.description, 'ours');
        const row = await open().models.WebhookEndpoint.findByPk(id, { rejectOnEmpty: true });
        // whoever was told a secret finds it in use: as the present one, or as the one before
        assert.deepEqual(new Set([row.secret, row.previousSecret]), new Set(secrets));
      },
      1,
    );
  });
}
