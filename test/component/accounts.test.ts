import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { insertAccount } from '@reelmill/server/auth/accounts.ts';
import { makeAdmin } from '@reelmill/server/auth/firstAdmin.ts';
import { hashPassword } from '@reelmill/server/auth/passwords.ts';
import { registerResponseSchema, sessionSchema, userSchema } from '@reelmill/shared/contracts/users.ts';
import jwt from 'jsonwebtoken';
import { Op } from 'sequelize';
import { type ApiUser, DocumentedApi } from '../support/apiClient.ts';
import { waitFor } from '../support/processes.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const ADMIN = { email: 'boss@example.org', password: 'the password of the boss' };

describe('accounts', () => {
  let server: TestServer;
  let api: DocumentedApi;
  before(async () => {
    server = await startTestServer({ env: { ADMIN_EMAIL: ADMIN.email, ADMIN_PASSWORD: ADMIN.password } });
    api = await DocumentedApi.of(server.url);
  });
  after(() => server.stop());

  const signToken = (
    claims: object,
    options: jwt.SignOptions = {},
    secret = server.context.secrets.accessTokens,
  ) => jwt.sign(claims, secret, { issuer: 'reelmill', audience: 'reelmill-api', subject: '1', ...options });

  test('registers, logs in and returns the current user', async () => {
    const body = { nickname: ' Ann ', email: 'Ann@Example.org', password: 'a good password' };
    const registered = await api.call('POST', '/users/register', { body });
    assert.equal(registered.status, 201);
    const { user } = registered.as(registerResponseSchema);
    assert.deepEqual([user.nickname, user.email, user.role], ['Ann', 'ann@example.org', 'creator']);
    const ann = await api.logIn({ email: 'ANN@example.org', password: body.password });
    assert.deepEqual((await ann.call('GET', '/me')).as(userSchema), user);
  });

  test('rejects a second registration of an e-mail address', async () => {
    const body = { nickname: 'Bo', email: 'bo@example.org', password: 'a good password' };
    const responses = await Promise.all([1, 2].map(() => api.call('POST', '/users/register', { body })));
    assert.deepEqual(responses.map((response) => response.status).sort(), [201, 409]);
    assert.equal(responses.find((response) => response.status === 409)?.error.code, 'email_taken');
  });

  test('an invalid registration lists every invalid field', async () => {
    const response = await api.call('POST', '/users/register', {
      body: { email: 'nobody', password: 'short' },
    });
    assert.equal(response.status, 400);
    assert.equal(response.error.code, 'validation_failed');
    // what `validation_failed` has as its details
    const { fields } = response.error.details as { fields: { field: string }[] };
    assert.deepEqual(fields.map(({ field }) => field).sort(), ['email', 'nickname', 'password']);
  });

  test('a wrong password and an unknown address get the same response', async () => {
    const responses = await Promise.all(
      [ADMIN.email, 'nobody@example.org'].map((email) =>
        api.call('POST', '/users/login', { body: { email, password: 'wrong' } }),
      ),
    );
    const [known, unknown] = responses.map(({ status, error }) => ({ status, ...error, request_id: '' }));
    assert.equal(known?.status, 401);
    assert.equal(known?.code, 'wrong_credentials');
    assert.deepEqual(known, unknown);
  });

  test('rejects no token, a malformed one, and one of another secret, algorithm or purpose', async () => {
    const tokens = [
      undefined,
      'nonsense',
      signToken({}, {}, 'another secret that is long enough for this'),
      signToken({}, { algorithm: 'HS512' }),
      signToken({}, { audience: 'somebody else' }),
      signToken({}, { subject: '999999' }),
      `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{"sub":"1"}').toString('base64url')}.`,
    ];
    for (const token of tokens) {
      const response = await api.call('GET', '/me', { token });
      assert.deepEqual([response.status, response.error.code], [401, 'unauthorized'], token);
      assert.equal(response.headers.get('www-authenticate'), 'Bearer');
    }
  });

  test('an expired token has its own error code', async () => {
    const response = await api.call('GET', '/me', { token: signToken({}, { expiresIn: -1 }) });
    assert.deepEqual([response.status, response.error.code], [401, 'token_expired']);
  });

  const refresh = (token: string) => api.call('POST', '/users/refresh', { body: { refresh_token: token } });
  const passGrace = async ({ userId }: ApiUser): Promise<void> => {
    const usedAt = new Date(Date.now() - 61_000);
    const where = { userId, usedAt: { [Op.not]: null } };
    await server.context.database.models.RefreshToken.update({ usedAt }, { where });
  };

  test('a refresh token is valid once; reuse after the grace period ends the whole session', async () => {
    const user = await api.signUp('refresher');
    const second = (await refresh(user.refreshToken)).as(sessionSchema);
    const third = (await refresh(second.refresh_token)).as(sessionSchema);
    assert.equal((await api.call('GET', '/me', { token: third.token })).status, 200);
    await passGrace(user);
    assert.equal((await refresh(user.refreshToken)).error.code, 'refresh_token_reused');
    const ended = await refresh(third.refresh_token);
    assert.deepEqual([ended.status, ended.error.code], [401, 'refresh_token_invalid']);
    assert.equal((await refresh('never heard of')).error.code, 'refresh_token_invalid');
  });

  test('a repeated refresh after a lost response has the same outcome, and the session continues', async () => {
    const user = await api.signUp('unlucky');
    const lost = (await refresh(user.refreshToken)).as(sessionSchema);
    const again = (await refresh(user.refreshToken)).as(sessionSchema);
    assert.equal(again.refresh_token, lost.refresh_token);
    const next = (await refresh(again.refresh_token)).as(sessionSchema);
    assert.equal((await api.call('GET', '/me', { token: next.token })).status, 200);
    assert.equal((await refresh(next.refresh_token)).status, 200);
  });

  test('reuse of a copied refresh token after the grace period ends the session of owner and thief', async () => {
    const user = await api.signUp('robbed');
    const [one, other] = await Promise.all([refresh(user.refreshToken), refresh(user.refreshToken)]);
    const stolen = one.as(sessionSchema).refresh_token;
    assert.equal(other.as(sessionSchema).refresh_token, stolen);
    const next = (await refresh(stolen)).as(sessionSchema).refresh_token;
    await passGrace(user);
    assert.equal((await refresh(stolen)).error.code, 'refresh_token_reused');
    for (const token of [user.refreshToken, stolen, next]) {
      assert.equal((await refresh(token)).error.code, 'refresh_token_invalid');
    }
  });

  test('continues a session of an earlier version, whose next token is random', async () => {
    const user = await api.signUp('upgraded');
    const { RefreshToken } = server.context.database.models;
    const first = await RefreshToken.findOne({ where: { userId: user.userId }, rejectOnEmpty: true });
    await first.update({ usedAt: new Date() });
    const drawn = 'a token that no key leads to';
    const { userId, family, expiresAt } = first;
    const tokenHash = createHash('sha256').update(drawn).digest('hex');
    await RefreshToken.create({ userId, family, expiresAt, tokenHash, usedAt: null, revokedAt: null });
    assert.equal((await refresh(user.refreshToken)).status, 200);
    assert.equal((await refresh(drawn)).status, 200);
  });

  test('logging out ends the session and is idempotent', async () => {
    const user = await api.signUp('leaver');
    const body = { refresh_token: user.refreshToken };
    assert.equal((await api.call('POST', '/users/logout', { body })).status, 204);
    assert.equal((await api.call('POST', '/users/logout', { body })).status, 204);
    assert.equal((await api.call('POST', '/users/refresh', { body })).error.code, 'refresh_token_invalid');
  });

  test('a disabled account cannot log in, refresh, or use its token', async () => {
    const boss = await api.logIn(ADMIN);
    const user = await api.signUp('troll');
    const path = `/admin/users/${user.userId}`;
    assert.equal((await boss.call('PATCH', path, { body: { disabled: true } })).status, 200);
    await waitFor('the token to be refused', async () => {
      const response = await user.call('GET', '/me');
      return response.status === 403 && response.error.code === 'account_disabled';
    });
    const { email, password } = user;
    const login = await api.call('POST', '/users/login', { body: { email, password } });
    assert.deepEqual([login.status, login.error.code], [403, 'account_disabled']);
    const refresh = await api.call('POST', '/users/refresh', { body: { refresh_token: user.refreshToken } });
    assert.equal(refresh.status, 401);
    assert.equal((await boss.call('PATCH', path, { body: { disabled: false } })).status, 200);
    await api.logIn({ email, password });
  });

  test('limits password guesses to ten attempts, for this account only', async () => {
    const victim = await api.signUp('victim');
    const guess = (password: string) =>
      api.call('POST', '/users/login', { body: { email: victim.email, password } });
    const guesses = await Promise.all(Array.from({ length: 14 }, (_, index) => guess(`guess ${index}`)));
    const statuses = guesses.map((response) => response.status);
    assert.deepEqual([...new Set(statuses)].sort(), [401, 429]);
    assert.equal(statuses.filter((status) => status === 401).length, 10);
    const limited = await guess('another guess');
    assert.deepEqual([limited.status, limited.error.code], [429, 'rate_limited']);
    assert.ok(Number(limited.headers.get('retry-after')) > 0);
    await api.logIn(ADMIN);
    // the account was logged in from this address
    await api.logIn(victim);
  });

  test('rejects common passwords in every route', async () => {
    const boss = await api.logIn(ADMIN);
    const email = 'guessable@example.org';
    const weak = [
      'password',
      'PassW0rd',
      'password123',
      'Sunshine1!',
      'aaaaaaaaaa',
      'abcabcabc',
      email,
      'guessable',
    ];
    for (const password of weak) {
      const response = await api.call('POST', '/users/register', {
        body: { nickname: 'Guess Me', email, password },
      });
      assert.deepEqual([response.status, response.error.code], [400, 'password_too_weak'], password);
    }
    const user = await api.signUp('chooser');
    const refusals = [
      await user.call('POST', '/me/password', {
        body: { current_password: user.password, new_password: 'password1' },
      }),
      await boss.call('POST', '/admin/users', { body: { email, password: 'iloveyou1' } }),
      await boss.call('POST', `/admin/users/${user.userId}/password`, {
        body: { password: 'chooser@example.org' },
      }),
    ];
    assert.deepEqual(
      refusals.map(({ status, error }) => [status, error.code]),
      refusals.map(() => [400, 'password_too_weak']),
    );
    // nothing has changed
    await api.logIn(user);
    const { database } = server.context;
    const admin = makeAdmin(database, { email: 'second@example.org', password: 'administrator' }, 'command');
    await assert.rejects(admin, { code: 'password_too_weak' });
  });

  test('an existing account keeps its weak password', async () => {
    const { models } = server.context.database;
    const account = { email: 'long-standing@example.org', password: 'password' };
    const passwordHash = await hashPassword(account.password);
    await insertAccount(models, { ...account, nickname: 'Old', role: 'creator', passwordHash });
    await api.logIn(account);
  });

  test('only an admin may use the routes for admins', async () => {
    const user = await api.signUp('curious');
    for (const path of ['/admin/farm', '/admin/users', '/admin/dead-letters']) {
      const response = await user.call('GET', path);
      assert.deepEqual([response.status, response.error.code], [403, 'forbidden']);
      assert.equal((await api.call('GET', path)).status, 401);
    }
  });

  test('logs contain neither passwords nor tokens', async () => {
    const user = await api.signUp('secretive');
    const log = server.logLines().join('');
    for (const secret of [user.password, user.token, user.refreshToken, ADMIN.password]) {
      assert.equal(log.includes(secret), false);
    }
    assert.match(log, /"route":"\/api\/v1\/users\/login"/);
  });
});

test('rejects registration where it is closed', async () => {
  const server = await startTestServer({ env: { REGISTRATION: 'closed' } });
  try {
    const api = await DocumentedApi.of(server.url);
    const body = { nickname: 'Ann', email: 'ann@example.org', password: 'a good password' };
    const response = await api.call('POST', '/users/register', { body });
    assert.deepEqual([response.status, response.error.code], [403, 'registration_closed']);
  } finally {
    await server.stop();
  }
});
