import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { request } from 'node:http';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { healthSchema, readinessSchema } from '@reelmill/shared/contracts/health.ts';
import { serverInfoSchema } from '@reelmill/shared/contracts/server.ts';
import { DocumentedApi } from '../support/apiClient.ts';
import { makeTemporaryFolder, waitFor } from '../support/processes.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const ADMIN = { email: 'boss@example.org', password: 'the password of the boss' };
const METRICS_TOKEN = randomBytes(32).toString('hex');

describe('the HTTP side', () => {
  let server: TestServer;
  let api: DocumentedApi;
  before(async () => {
    const env = { ADMIN_EMAIL: ADMIN.email, ADMIN_PASSWORD: ADMIN.password, METRICS_TOKEN };
    server = await startTestServer({ env });
    api = await DocumentedApi.of(server.url);
  });
  after(() => server.stop());

  test('rejects malformed JSON, JSON that is not an object, and a body that is too large', async () => {
    const post = (body: unknown, headers = {}) => api.call('POST', '/users/login', { body, headers });
    for (const body of ['{', '{"email":', 'email=a@b.de', '"text"', '7']) {
      const response = await post(body);
      assert.deepEqual([response.status, response.error.code], [400, 'malformed_json'], body);
    }
    assert.equal((await post('[]')).error.code, 'validation_failed');
    assert.equal((await post('')).error.code, 'validation_failed');
    assert.equal((await post('{}', { 'Content-Encoding': 'strange' })).error.code, 'malformed_json');
    const large = await post({ email: 'x'.repeat(300_000) });
    assert.deepEqual([large.status, large.error.code], [413, 'too_large']);
  });

  test('requires the content type application/json, so that forms of other sites cannot send a body', async () => {
    const body = JSON.stringify({ email: 'nobody@example.org', password: 'x' });
    const send = (type: string) =>
      api.call('POST', '/users/login', { body, headers: { 'Content-Type': type } });
    // the types that a page may send to anybody without asking, and others
    for (const type of [
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'text/plain',
      'text/plain; application/json',
      'application/json+x',
      'application/xml',
    ]) {
      const response = await send(type);
      assert.deepEqual([response.status, response.error.code], [415, 'unsupported_media_type'], type);
    }
    const untyped = await fetch(`${server.url}/api/v1/users/login`, {
      method: 'POST',
      body: new Blob([body]),
    });
    assert.equal(untyped.status, 415);
    await untyped.arrayBuffer();
    for (const type of ['application/json', 'Application/JSON; charset=utf-8']) {
      assert.equal((await send(type)).error.code, 'wrong_credentials', type);
    }
    // without a body there is nothing to call by any name
    const bare = await api.call('POST', '/users/login', { headers: { 'Content-Type': 'text/plain' } });
    assert.deepEqual([bare.status, bare.error.code], [400, 'validation_failed']);
  });

  test('sets no cookies', async () => {
    const user = await api.signUp('cookie');
    for (const path of ['/me', '/videos', '//docs', '//watch/1']) {
      const response = await user.call('GET', path, { undocumented: true });
      assert.equal(response.headers.get('set-cookie'), null, path);
    }
    const headers = { Cookie: `token=${user.token}; session=${user.refreshToken}` };
    assert.equal((await api.call('GET', '/me', { headers })).status, 401);
  });

  test('returns information about the server without a login', async () => {
    const info = (await api.call('GET', '/server')).as(serverInfoSchema);
    assert.deepEqual(info, {
      name: 'reelmill',
      version: server.context.version,
      registration: 'open',
      media_origins: [new URL(server.url).origin],
    });
  });

  test('responds to an unknown path with 404', async () => {
    const addresses = [
      '/nothing',
      '//nothing',
      '/videos/1/nothing',
      '//api/v2/videos',
      '//store/objects',
      '//docs/x',
    ];
    for (const address of addresses) {
      const response = await api.call('GET', address, { undocumented: true });
      assert.deepEqual([response.status, response.error.code], [404, 'not_found'], address);
    }
  });

  test('an unsupported method gets 405 with the supported ones', async () => {
    const page = await (await fetch(`${server.url}/watch/1`)).text();
    const asset = /\/assets\/[^"]+\.js/.exec(page)?.[0];
    assert.ok(asset, page);
    for (const [method, address, allow] of [
      ['PUT', '/videos', 'GET, HEAD, OPTIONS'],
      ['POST', '/videos/7', 'GET, PATCH, DELETE, HEAD, OPTIONS'],
      ['GET', '/users/login', 'POST, OPTIONS'],
      ['TRACE', '/me', null],
      ['DELETE', '//healthz', 'GET, HEAD, OPTIONS'],
      ['POST', '//docs', 'GET, HEAD, OPTIONS'],
      ['POST', '//docs/swagger-ui.css', 'GET, HEAD, OPTIONS'],
      ['POST', '//watch/1', 'GET, HEAD, OPTIONS'],
      ['DELETE', `/${asset}`, 'GET, HEAD, OPTIONS'],
      ['DELETE', '//api/v1/openapi.json', 'GET, HEAD, OPTIONS'],
    ] as const) {
      // fetch knows no TRACE
      const used = method === 'TRACE' ? 'PROPFIND' : method;
      const response = await api.call(used, address, { undocumented: true });
      assert.deepEqual(
        [response.status, response.error.code],
        [405, 'method_not_allowed'],
        `${used} ${address}`,
      );
      if (allow !== null) assert.equal(response.headers.get('allow'), allow, `${used} ${address}`);
    }
    const options = await fetch(`${server.url}/api/v1/videos`, { method: 'OPTIONS' });
    assert.deepEqual([options.status, options.headers.get('allow')], [204, 'GET, HEAD, OPTIONS']);
  });

  test('rejects a path that is not UTF-8', async () => {
    const response = await api.call('GET', '/videos/%ff', { undocumented: true });
    assert.deepEqual([response.status, response.error.code], [400, 'validation_failed']);
  });

  test('a valid request id is kept, any other is replaced, and both are in response and log', async () => {
    const ask = (id: string) => api.call('GET', '/me', { headers: { 'X-Request-Id': id } });
    const kept = await ask('from-the-client.1');
    assert.equal(kept.headers.get('x-request-id'), 'from-the-client.1');
    assert.equal(kept.error.request_id, 'from-the-client.1');
    for (const id of ['x'.repeat(101), 'a b', '<script>']) {
      const replaced = await ask(id);
      assert.match(replaced.error.request_id, /^[\da-f-]{36}$/);
      assert.equal(replaced.headers.get('x-request-id'), replaced.error.request_id);
    }
    assert.ok(server.logLines().some((line) => line.includes('"request_id":"from-the-client.1"')));
  });

  test('hides the cause of an internal error, and logs it', async () => {
    const user = await api.signUp('ann');
    const { models } = server.context.database;
    await models.Video.sequelize?.query('ALTER TABLE videos RENAME TO hidden');
    try {
      const response = await user.call('GET', '/videos');
      assert.deepEqual([response.status, response.error.code], [500, 'internal']);
      assert.doesNotMatch(response.text, /videos|SQL|table|node:|\.ts/);
      const logged = server.logLines().find((line) => line.includes(response.error.request_id));
      assert.match(logged ?? '', /no such table: videos/);
    } finally {
      await models.Video.sequelize?.query('ALTER TABLE hidden RENAME TO videos');
    }
  });

  test('responds to probes', async () => {
    assert.equal((await api.call('GET', '//healthz')).as(healthSchema).status, 'ok');
    assert.deepEqual((await api.call('GET', '//readyz')).as(readinessSchema), { status: 'ok' });
  });

  test('shows dependencies by name to admins and with the metrics token, workers to admins only', async () => {
    const user = await api.signUp('nosy');
    const boss = await api.logIn(ADMIN);
    const read = async (token?: string) => (await api.call('GET', '//readyz', { token })).as(readinessSchema);
    for (const token of [undefined, 'bad', METRICS_TOKEN.slice(1), user.token]) {
      assert.deepEqual(await read(token), { status: 'ok' }, token);
    }
    const checks = {
      ...{ database: { ok: true }, store: { ok: true }, queue: { ok: true }, disk: { ok: true } },
      workers: { ok: false, message: 'none takes tasks' },
    };
    const degraded = ['workers'];
    assert.deepEqual(await read(METRICS_TOKEN), { status: 'ok', degraded, checks });
    assert.deepEqual(await read(boss.token), { status: 'ok', degraded, checks, workers: [] });
  });

  test('many readiness probes query each dependency once a second', async (t) => {
    const { database, store, queue } = server.context;
    const asked = [database, store, queue].map((dependency) => t.mock.method(dependency, 'check'));
    // what was read a moment ago is no question of these
    await waitFor('a fresh reading', async () => {
      await api.call('GET', '//readyz');
      return asked[0]?.mock.callCount() === 1;
    });
    const startedAt = performance.now();
    const responses = await Promise.all(Array.from({ length: 300 }, () => api.call('GET', '//readyz')));
    assert.ok(responses.every(({ status }) => status === 200));
    const most = 2 + (performance.now() - startedAt) / 1_000;
    for (const { mock } of asked) {
      assert.ok(mock.callCount() >= 1 && mock.callCount() <= most, `${mock.callCount()} of at most ${most}`);
    }
  });

  test('the OpenAPI document has every route, and its page loads only local files', async () => {
    const operations = new Set(api.operations);
    for (const line of [
      'post /api/v1/users/register',
      'post /api/v1/users/login',
      'get /api/v1/me',
      'post /api/v1/videos/upload/initiate',
      'post /api/v1/videos/upload/complete',
      'get /api/v1/videos/{id}',
      'get /api/v1/videos',
      'get /api/v1/videos/{id}/events',
      'get /api/v1/videos/{id}/hls/{playlist}',
      'get /api/v1/admin/farm',
      'get /healthz',
      'get /readyz',
      'get /metrics',
    ]) {
      assert.ok(operations.has(line), line);
    }
    const page = await fetch(`${server.url}/docs`);
    const html = await page.text();
    assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'none'; script-src 'self'/);
    const files = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file]) => file ?? '');
    assert.ok(files.length >= 3);
    for (const file of files) {
      assert.match(file, /^\/docs\//);
      const response = await fetch(`${server.url}${file}`);
      assert.equal(response.status, 200, file);
      await response.arrayBuffer();
    }
  });

  test('responses of the API may load nothing and are never sniffed as another type', async () => {
    const { headers } = await api.call('GET', '//healthz');
    assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'/);
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
    assert.equal(headers.get('x-powered-by'), null);
  });

  test('the secret of the installation is readable for its owner only, and the same after a restart', async () => {
    const folder = await makeTemporaryFolder('secret');
    try {
      const secrets: unknown[] = [];
      for (const _ of [1, 2]) {
        const started = await startTestServer({ dataDir: folder.path });
        secrets.push(started.context.secrets);
        await started.stop();
      }
      assert.deepEqual(secrets[0], secrets[1]);
      assert.equal((await stat(path.join(folder.path, 'secrets.json'))).mode & 0o777, 0o600);
    } finally {
      await folder.remove();
    }
  });

  test('survives a client that disconnects within a body', async () => {
    const port = Number(new URL(server.url).port);
    const call = request({
      port,
      path: '/api/v1/users/login',
      method: 'POST',
      headers: { 'Content-Length': 100 },
    });
    const closed = new Promise((resolve) => call.once('error', resolve));
    call.write('{"email":');
    call.destroy(new Error('gone'));
    await closed;
    assert.equal((await api.call('GET', '//healthz')).status, 200);
  });
});
