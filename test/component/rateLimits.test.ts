import assert from 'node:assert/strict';
import { randomBytes, randomInt } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import { createClient } from '@reelmill/desktop/node/client.ts';
import { clientFolderAt } from '@reelmill/desktop/node/clientFolder.ts';
import { type ApiResponse, DocumentedApi } from '../support/apiClient.ts';
import { makeTemporaryFolder, waitFor } from '../support/processes.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

/** Ten seconds' worth of the smallest limit. */
const BURST = 10;

async function withServer(
  env: Record<string, string>,
  work: (server: TestServer, api: DocumentedApi) => Promise<void>,
): Promise<void> {
  const server = await startTestServer({ env });
  try {
    await work(server, await DocumentedApi.of(server.url));
  } finally {
    await server.stop();
  }
}

/** Calls one after the other until one is rejected, and returns it with the number of calls before it. */
async function untilRefused(
  call: () => Promise<ApiResponse>,
): Promise<{ passed: number; refusal: ApiResponse }> {
  for (let passed = 0; passed < 1_000; passed += 1) {
    const response = await call();
    if (response.status === 429) return { passed, refusal: response };
  }
  return assert.fail('nothing was refused');
}

const randomAddress = (): string => `198.51.100.${randomInt(1, 255)}`;
const from = (address: string) => ({ headers: { 'X-Forwarded-For': address } });

describe('rate limits', { timeout: 120_000 }, () => {
  test('each user has their own limit, which the headers of responses show; probes have none', async () => {
    await withServer({ API_CALLS_PER_SECOND: '1' }, async (_server, api) => {
      const [ann, bob] = [await api.signUp('ann'), await api.signUp('bob')];
      const first = await ann.call('GET', '/me');
      assert.match(first.headers.get('ratelimit') ?? '', /^"api"; r=9; t=\d+/);
      assert.match(first.headers.get('ratelimit-policy') ?? '', /^"api"; q=10; w=10/);
      const { passed, refusal } = await untilRefused(() => ann.call('GET', '/videos'));
      assert.equal(passed, BURST - 1);
      assert.equal(refusal.error.code, 'rate_limited');
      const retryAfter = Number(refusal.headers.get('retry-after'));
      assert.ok(retryAfter >= 1 && retryAfter <= 10, `${retryAfter} s`);
      assert.equal((await bob.call('GET', '/me')).status, 200);
      for (let count = 0; count < 3 * BURST; count += 1)
        assert.equal((await api.call('GET', '//healthz')).status, 200);
    });
  });

  test('counts requests without a valid token by address, whatever they request', async () => {
    await withServer({ API_CALLS_PER_SECOND: '1' }, async (server, api) => {
      const credentials = { email: 'ann@example.org', password: 'password of ann' };
      await api.call('POST', '/users/register', { body: { nickname: 'ann', ...credentials } });
      const ann = await api.logIn(credentials);
      const calls = [
        () => api.call('GET', '/server'),
        () => api.call('GET', '/me', { token: 'bad' }),
        () => api.call('GET', '/nothing', { undocumented: true }),
        () => api.call('GET', '//docs', { undocumented: true }),
      ];
      const { passed } = await untilRefused(() => (calls.shift() ?? (() => api.call('GET', '/server')))());
      // the document that this client reads, the registration and the login were counted before
      assert.equal(passed, BURST - 3);
      const page = await fetch(`${server.url}/docs`);
      assert.equal(page.status, 429);
      await page.arrayBuffer();
      assert.equal((await ann.call('GET', '/me')).status, 200);
    });
  });

  test('counts the address of the client behind a proxy, which clients cannot forge', async () => {
    await withServer({ API_CALLS_PER_SECOND: '1', TRUST_PROXY: '1' }, async (_server, api) => {
      const spoof = () => from(`${randomAddress()}, 203.0.113.1`);
      const { passed } = await untilRefused(() => api.call('GET', '/server', spoof()));
      assert.equal(passed, BURST);
      assert.equal((await api.call('GET', '/server', from('203.0.113.2'))).status, 200);
      // one customer has a whole /64
      const sameNetwork = () => from(`2001:db8:1:2::${randomInt(1, 9_999)}`);
      assert.equal((await untilRefused(() => api.call('GET', '/server', sameNetwork()))).passed, BURST);
      assert.equal((await api.call('GET', '/server', from('2001:db8:1:3::1'))).status, 200);
    });
    await withServer({ API_CALLS_PER_SECOND: '1' }, async (_server, api) => {
      const spoof = () => from(randomAddress());
      assert.equal((await untilRefused(() => api.call('GET', '/server', spoof()))).passed, BURST - 1);
    });
  });

  test('logins, refreshes and registrations have further limits', async () => {
    const env = { SIGN_INS_PER_MINUTE: '5', REGISTRATIONS_PER_HOUR: '2', TRUST_PROXY: '1' };
    await withServer(env, async (_server, api) => {
      const ann = await api.signUp('ann');
      let count = 0;
      const register = (address: string) => {
        count += 1;
        const body = { nickname: 'n', email: `n${count}@example.org`, password: 'a good password' };
        return api.call('POST', '/users/register', { body, ...from(address) });
      };
      const registered = await untilRefused(() => register('203.0.113.1'));
      assert.equal(registered.passed, 2);
      assert.ok(Number(registered.refusal.headers.get('retry-after')) > 3_000);
      assert.equal((await register('203.0.113.2')).status, 201);

      const wrong = { email: ann.email, password: 'wrong' };
      const logIn = () => api.call('POST', '/users/login', { body: wrong, ...from('203.0.113.3') });
      for (let attempt = 0; attempt < 3; attempt += 1) assert.equal((await logIn()).status, 401);
      const refresh = (address: string) =>
        api.call('POST', '/users/refresh', { body: { refresh_token: 'x' }, ...from(address) });
      const refreshed = await untilRefused(() => refresh('203.0.113.3'));
      assert.equal(refreshed.passed, 2);
      assert.equal((await logIn()).error.code, 'rate_limited');
      assert.equal((await refresh('203.0.113.4')).status, 401);
    });
  });

  test('0 disables a limit', async () => {
    await withServer({ API_CALLS_PER_SECOND: '0' }, async (_server, api) => {
      const response = await api.call('GET', '/server');
      assert.equal(response.headers.get('ratelimit'), null);
    });
  });

  test('the uploader waits for Retry-After and loses nothing', async () => {
    await withServer({ API_CALLS_PER_SECOND: '1' }, async (server, api) => {
      const folder = await makeTemporaryFolder('limited');
      const client = createClient(clientFolderAt(path.join(folder.path, 'config')));
      const user = await api.signUp('ann');
      const session = await client.logIn(server.url, user);
      const manager = client.uploads(session, { settings: { follow: false, fileConcurrency: 3 } });
      try {
        const waits: number[] = [];
        manager.subscribe((event) => {
          if (event.type === 'retrying') {
            assert.equal(event.code, 'rate_limited');
            waits.push(event.waitMs);
          }
        });
        // each takes several calls
        const files = 6;
        for (let index = 0; index < files; index += 1) {
          const file = path.join(folder.path, `${index}.mp4`);
          await writeFile(file, randomBytes(1_000 + index));
          manager.add({ path: file });
        }
        const { Video } = server.context.database.models;
        await waitFor(
          'every file to be there',
          async () => (await Video.count({ where: { status: 'transcoding' } })) === files,
          { timeoutMs: 100_000 },
        );
        assert.ok(waits.length > 0, 'the limit was met');
        const refusals = server.logLines().filter((line) => line.includes('"status":429')).length;
        // one for each that is sent at the same time, in each window of ten seconds: nobody hammers
        assert.ok(refusals <= waits.length + 3, `${refusals} refusals, ${waits.length} waits`);
        assert.ok(
          waits.every((wait) => wait >= 900),
          `${waits}`,
        );
      } finally {
        await manager.close();
        client.close();
        await folder.remove();
      }
    });
  });
});
