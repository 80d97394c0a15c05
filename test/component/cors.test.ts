import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { videoDetailSchema } from '@reelmill/shared/contracts/videos.ts';
import { readServerConfig } from '@reelmill/shared/runtime/config.ts';
import { type ApiUser, DocumentedApi } from '../support/apiClient.ts';
import { startBrowser, type TestBrowser } from '../support/browser.ts';
import { PretendTranscode } from '../support/pretendTranscode.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { uploadSomething } from '../support/uploads.ts';

const ALLOWED = 'https://player.example';

describe('pages of other origins', () => {
  let site: Server;
  let origin: string;
  let open: TestServer;
  let closed: TestServer;
  let browser: TestBrowser;
  before(async () => {
    site = createServer((_request, response) => response.setHeader('Content-Type', 'text/html').end('<p>'));
    site.listen(0, '127.0.0.1');
    await once(site, 'listening');
    const address = site.address();
    assert.ok(address !== null && typeof address === 'object');
    origin = `http://127.0.0.1:${address.port}`;
    open = await startTestServer({ env: { CORS_ORIGINS: `${ALLOWED}, ${origin}` } });
    closed = await startTestServer();
    browser = await startBrowser();
  });
  after(async () => {
    await browser?.close();
    await open?.stop();
    await closed?.stop();
    site?.close();
  });

  const publish = async (server: TestServer, name: string): Promise<{ user: ApiUser; videoId: number }> => {
    const user = await (await DocumentedApi.of(server.url)).signUp(name);
    const videoId = await uploadSomething(user);
    await (await PretendTranscode.plan(server.context, videoId)).publish();
    return { user, videoId };
  };
  /** What a page on the site can read, from the API to the bytes of a segment. */
  const readFromSite = async (server: TestServer): Promise<string[]> => {
    const { user, videoId } = await publish(server, 'ann');
    const detail = (await user.call('GET', `/videos/${videoId}`)).as(videoDetailSchema);
    const { page } = await browser.open(origin);
    const source = detail.sources[0]?.url ?? '';
    return page.evaluate(
      async ({ api, token, source }) => {
        const get = async (url: string, headers: Record<string, string> = {}): Promise<string> => {
          const response = await fetch(url, { headers });
          return response.ok ? response.text() : `status ${response.status}`;
        };
        const last = (playlist: string) =>
          playlist.split('\n').findLast((line) => line !== '' && !line.startsWith('#')) ?? '';
        const attempt = (work: () => Promise<string>) => work().catch(() => 'refused');
        return Promise.all([
          attempt(async () => JSON.parse(await get(api, { Authorization: `Bearer ${token}` })).video.status),
          attempt(async () => (await get(source)).slice(0, 7)),
          attempt(async () => get(last(await get(last(await get(source)))), { Range: 'bytes=0-6' })),
        ]);
      },
      { api: `${server.url}/api/v1/videos/${videoId}`, token: user.token, source },
    );
  };

  test('a browser reads the API, playlists and segments where the origin is allowed', async () => {
    assert.deepEqual(await readFromSite(open), ['online', '#EXTM3U', 'segment']);
  });

  test('a browser reads nothing where the origin is not allowed', async () => {
    assert.deepEqual(await readFromSite(closed), ['refused', 'refused', 'refused']);
  });

  test('allows exactly the configured origins, and no cookies', async () => {
    const { user, videoId } = await publish(open, 'bob');
    const ask = (from: string, method = 'GET') =>
      fetch(`${open.url}/api/v1/videos/${videoId}`, {
        method,
        headers: {
          Origin: from,
          ...(method === 'OPTIONS'
            ? { 'Access-Control-Request-Method': 'PATCH', 'Access-Control-Request-Headers': 'authorization' }
            : { Authorization: `Bearer ${user.token}` }),
        },
      });
    for (const method of ['GET', 'OPTIONS']) {
      const allowed = await ask(ALLOWED, method);
      assert.ok(allowed.ok);
      assert.equal(allowed.headers.get('access-control-allow-origin'), ALLOWED);
      assert.match(allowed.headers.get('vary') ?? '', /Origin/);
      assert.equal(allowed.headers.get('access-control-allow-credentials'), null);
      for (const other of ['https://player.example.evil.example', 'http://player.example', 'null']) {
        const refused = await ask(other, method);
        assert.equal(refused.headers.get('access-control-allow-origin'), null, `${method} ${other}`);
      }
    }
    const preflight = await ask(ALLOWED, 'OPTIONS');
    assert.match(preflight.headers.get('access-control-allow-methods') ?? '', /PATCH/);
    assert.match(preflight.headers.get('access-control-allow-headers') ?? '', /Authorization/);
    assert.match((await ask(ALLOWED)).headers.get('access-control-expose-headers') ?? '', /Retry-After/);
  });

  test('an OPTIONS that is not a preflight lists the methods of its path, or gets 404', async () => {
    const ask = async (path: string) => {
      const response = await fetch(`${open.url}${path}`, { method: 'OPTIONS' });
      await response.arrayBuffer();
      return [response.status, response.headers.get('allow')];
    };
    assert.deepEqual(await ask('/api/v1/videos'), [204, 'GET, HEAD, OPTIONS']);
    assert.deepEqual(await ask('/nowhere'), [404, null]);
  });

  test('by default a server allows no preflight and no origin', async () => {
    const preflight = await fetch(`${closed.url}/api/v1/server`, {
      method: 'OPTIONS',
      headers: { Origin: ALLOWED, 'Access-Control-Request-Method': 'GET' },
    });
    assert.equal(preflight.headers.get('access-control-allow-origin'), null);
    assert.equal(preflight.headers.get('access-control-allow-methods'), null);
    const response = await fetch(`${closed.url}/api/v1/server`, { headers: { Origin: ALLOWED } });
    assert.equal(response.headers.get('access-control-allow-origin'), null);
    assert.equal(response.headers.get('cross-origin-resource-policy'), 'same-origin');
  });

  test('an origin is written as browsers write it', () => {
    for (const wrong of [
      '*',
      'player.example',
      'https://player.example/',
      'https://PLAYER.example',
      'https://a/b',
    ])
      assert.throws(() => readServerConfig({ CORS_ORIGINS: wrong }), /CORS_ORIGINS: must be origins/, wrong);
    assert.deepEqual(readServerConfig({}).CORS_ORIGINS, []);
  });
});
