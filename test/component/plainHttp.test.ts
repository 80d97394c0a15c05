import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { text } from 'node:stream/consumers';
import { after, afterEach, before, describe, test } from 'node:test';
import { inspect } from 'node:util';
import type { HttpRequest } from '@reelmill/desktop/engine/ports/ports.ts';
import { NodeHttpTransport } from '@reelmill/desktop/node/httpTransport.ts';
import { NO_PROXIES, readProxies } from '@reelmill/desktop/node/proxies.ts';
import { postMessage } from '../../server/src/webhooks/postMessage.ts';
import { makeSelfSigned } from '../support/privateCa.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/processes.ts';
import { closeServer, listen } from '../support/uploadApi.ts';

const { signal } = new AbortController();
const PROXY_VARIABLES = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY'].flatMap((name) => [
  name,
  name.toLowerCase(),
]);
const PATH = '/a%20b?x=1&y=%C3%9F';
/** Signed byte by byte: the line break at its end is part of it. */
const BODY = `${JSON.stringify({ title: 'Straße', password: 'very-secret' })}\n`;

/** What a proxy was asked for; it lets nothing through. */
async function startRefusingProxy() {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.writeHead(502).end();
  });
  server.on('connect', (request, socket) => {
    asked.push(`CONNECT ${request.url}`);
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
  });
  return { url: await listen(server), asked, close: () => closeServer(server) };
}

describe('HTTP requests of the desktop and of webhooks', { timeout: 60_000 }, () => {
  let folder: TemporaryFolder;
  let proxy: Awaited<ReturnType<typeof startRefusingProxy>>;
  let certificate: { key: string; cert: string };
  const environment = { ...process.env };
  before(async () => {
    folder = await makeTemporaryFolder('plain-http');
    certificate = await makeSelfSigned(folder.path);
    proxy = await startRefusingProxy();
  });
  afterEach(() => {
    for (const name of PROXY_VARIABLES) {
      const value = environment[name];
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    proxy.asked.length = 0;
  });
  after(async () => {
    await proxy.close();
    await folder.remove();
  });

  const transports: NodeHttpTransport[] = [];
  const openTransport = (options: ConstructorParameters<typeof NodeHttpTransport>[0]): NodeHttpTransport => {
    const transport = new NodeHttpTransport(options);
    transports.push(transport);
    return transport;
  };
  afterEach(() => {
    for (const transport of transports.splice(0)) transport.close();
  });
  const send = (transport: NodeHttpTransport, url: string, more: Partial<HttpRequest> = {}) =>
    transport.request({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json', authorization: 'Bearer very-secret' },
      body: BODY,
      timeoutMs: 10_000,
      signal,
      ...more,
    });
  const post = (url: string, allowPrivate = true) =>
    postMessage({ url, body: BODY, headers: {}, allowPrivate, timeoutSeconds: 10, signal });
  const withServer = async <T>(listener: RequestListener, work: (url: string) => Promise<T>): Promise<T> => {
    const server = createServer(listener);
    try {
      return await work(await listen(server));
    } finally {
      await closeServer(server);
    }
  };
  const useProxyVariables = (noProxy: string): void => {
    for (const name of PROXY_VARIABLES) process.env[name] = proxy.url;
    process.env.NO_PROXY = noProxy;
    process.env.no_proxy = noProxy;
  };

  test('keep away from the proxies of the environment that nobody asked for', async () => {
    for (const noProxy of ['', 'elsewhere.test']) {
      useProxyVariables(noProxy);
      const secure = createSecureServer(certificate, (_, response) => response.end('here'));
      const secureUrl = (await listen(secure)).replace('http:', 'https:');
      try {
        const direct = openTransport({ extraCaCerts: certificate.cert, proxies: NO_PROXIES });
        assert.equal((await send(direct, secureUrl)).body, 'here');
        assert.match((await post(secureUrl)).error ?? '', /SELF_SIGNED/);
        await withServer(
          (_, response) => response.end('here'),
          async (url) => {
            assert.equal((await send(direct, url)).body, 'here');
            assert.deepEqual(await post(url).then(({ status, excerpt }) => [status, excerpt]), [200, 'here']);
          },
        );
        for (const scheme of ['http', 'https']) {
          await assert.rejects(send(direct, `${scheme}://videos.invalid/`), {
            message: /host named videos\.invalid|name videos\.invalid/,
          });
          assert.match((await post(`${scheme}://videos.invalid/`)).error ?? '', /cannot be resolved/);
          assert.equal(
            (await post(`${scheme}://127.0.0.1:9/`, false)).error,
            'The address of the host is not public.',
          );
        }
      } finally {
        await closeServer(secure);
      }
    }
    assert.deepEqual(proxy.asked, []);
  });

  test('follow the proxies that were asked for, and NO_PROXY among them, whatever the environment says', async () => {
    useProxyVariables('videos.invalid');
    const proxied = openTransport({
      proxies: readProxies({ HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url }),
    });
    assert.equal((await send(proxied, 'http://videos.invalid/api')).status, 502);
    await assert.rejects(send(proxied, 'https://videos.invalid/api'), {
      message: /^The proxy .* did not establish the connection \(HTTP 502\)\.$/,
    });
    assert.deepEqual(proxy.asked, ['POST http://videos.invalid/api', 'CONNECT videos.invalid:443']);
    useProxyVariables('');
    const excepted = openTransport({
      proxies: readProxies({ HTTP_PROXY: proxy.url, NO_PROXY: 'videos.invalid' }),
    });
    await assert.rejects(send(excepted, 'http://videos.invalid/'), { message: /videos\.invalid/ });
    assert.equal(proxy.asked.length, 2);
  });

  test('send exactly the headers and the body that they are given', async () => {
    const received: string[][] = [];
    const listener: RequestListener = async ({ method, url, rawHeaders }, response) => {
      const names = rawHeaders.filter((_, index) => index % 2 === 0);
      const headers = names.map((name, index) => `${name.toLowerCase()}: ${rawHeaders[index * 2 + 1]}`);
      received.push([`${method} ${url}`, ...headers.sort()]);
      response.writeHead(200, { 'set-cookie': ['a=1', 'b=2'] }).end(await text(response.req));
    };
    const host = await withServer(listener, async (url) => {
      const address = `${url}${PATH}`;
      const bare = { url: address, headers: {}, timeoutMs: 10_000, signal };
      const transport = openTransport({});
      const response = await send(transport, address);
      assert.deepEqual([response.body, response.headers['set-cookie']], [BODY, 'a=1, b=2']);
      await transport.request({ ...bare, method: 'GET' });
      await transport.request({ ...bare, method: 'POST' });
      assert.equal((await post(address)).excerpt, BODY);
      return `host: ${new URL(url).host}`;
    });
    const kept = ['accept: application/json', 'connection: keep-alive', host];
    const length = `content-length: ${Buffer.byteLength(BODY)}`;
    const expected: string[][] = [
      ['POST', ...kept, 'authorization: Bearer very-secret', 'content-type: application/json', length],
      ['GET', ...kept],
      ['POST', ...kept, 'content-length: 0'],
      ['POST', 'connection: close', host, length],
    ];
    assert.deepEqual(
      received,
      expected.map(([method, ...headers]) => [`${method} ${PATH}`, ...headers.sort()]),
    );
  });

  test('stop at the first address, at the time limit and at an abort, and read no response without end', async () => {
    const paths: string[] = [];
    const aborting = new AbortController();
    const listener: RequestListener = ({ url }, response) => {
      paths.push(url ?? '');
      if (url === '/moved') response.writeHead(307, { location: '/elsewhere' }).end();
      else if (url === '/zipped') response.writeHead(200, { 'content-encoding': 'gzip' }).end('not undone');
      else if (url === '/broken') response.writeHead(200, { 'content-length': '9' }).write('half');
      else if (url === '/long') response.writeHead(200).end(Buffer.alloc(16 * 1024 * 1024 + 1, 'x'));
      else response.writeHead(200).write('and then');
      if (url === '/broken') setImmediate(() => response.destroy());
      if (url === '/aborted') setImmediate(() => aborting.abort());
    };
    await withServer(listener, async (url) => {
      const transport = openTransport({});
      assert.equal((await send(transport, `${url}/moved`)).status, 307);
      assert.equal((await send(transport, `${url}/zipped`)).body, 'not undone');
      const port = new URL(url).host;
      await assert.rejects(send(transport, `${url}/long`), {
        code: 'network',
        message: `The connection to ${port} failed.`,
      });
      await assert.rejects(send(transport, `${url}/broken`), {
        code: 'network',
        message: `The connection to ${port} was closed unexpectedly.`,
      });
      await assert.rejects(send(transport, `${url}/endless`, { timeoutMs: 300 }), {
        code: 'timeout',
        message: `${port} did not respond in time.`,
      });
      await assert.rejects(send(transport, `${url}/aborted`, { signal: aborting.signal }), {
        code: 'aborted',
      });
      await assert.rejects(send(transport, `${url}/never`, { signal: AbortSignal.abort() }), {
        code: 'aborted',
      });
      assert.deepEqual(paths, ['/moved', '/zipped', '/long', '/broken', '/endless', '/aborted']);
    });
  });

  test('fail without a word of what was sent', async () => {
    const transport = openTransport({});
    const failing = [
      () => send(transport, 'http://127.0.0.1:9/'),
      () => send(transport, 'http://127.0.0.1:9/', { signal: AbortSignal.abort() }),
      () => send(transport, 'ftp://127.0.0.1/'),
      () =>
        withServer(
          (_, response) => response.writeHead(200).write('and then'),
          (url) => send(transport, url, { timeoutMs: 300 }),
        ),
    ];
    for (const fail of failing) {
      await assert.rejects(fail, (error: Error) => {
        assert.doesNotMatch(inspect(error, { depth: 12, showHidden: true }), /very-secret/);
        return true;
      });
    }
  });
});
