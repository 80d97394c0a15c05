import assert from 'node:assert/strict';
import { createServer, request, type Server } from 'node:http';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { errorResponseSchema } from '@reelmill/shared/contracts/errors.ts';
import { serverInfoSchema } from '@reelmill/shared/contracts/server.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const METRICS_TOKEN = 'bb6e0d7c54f1a98c2b3d4e5f60718293';

interface Reply {
  status: number;
  body: string;
}

describe('the names that a server is called by', () => {
  let server: TestServer;
  let port: number;
  before(async () => {
    server = await startTestServer({
      env: {
        HOST: '0.0.0.0',
        PUBLIC_URL: 'https://videos.example.org:8443',
        ALLOWED_HOSTS: 'Studio.example.net, 192.0.2.44',
        METRICS_TOKEN,
      },
    });
    port = addressPort(server);
  });
  after(() => server.stop());

  const ask = async (
    host: string,
    options: { path?: string; method?: string; address?: string; body?: string } = {},
  ): Promise<Reply> => {
    const { path = '/api/v1/server', method = 'GET', address = '127.0.0.1', body } = options;
    const { promise, resolve, reject } = Promise.withResolvers<Reply>();
    const headers = { Host: host, 'Content-Type': 'application/json', Origin: `http://${host}` };
    const call = request({ host: address, port, path, method, headers }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
    });
    call.once('error', reject);
    call.end(body);
    return promise;
  };
  const isMisdirected = ({ status, body }: Reply, name: string): void => {
    assert.equal(status, 421, name);
    assert.equal(errorResponseSchema.parse(JSON.parse(body)).error.code, 'misdirected_request', name);
  };

  test('serves its public name, loopback and configured names, in any spelling and with any port', async () => {
    for (const host of [
      'videos.example.org:8443',
      'VIDEOS.example.org',
      'videos.example.org.',
      `localhost:${port}`,
      '127.0.0.1',
      `[::1]:${port}`,
      'studio.example.net',
      '192.0.2.44:80',
    ]) {
      const reply = await ask(host);
      assert.equal(reply.status, 200, `${host}: ${reply.body}`);
      serverInfoSchema.parse(JSON.parse(reply.body));
    }
  });

  test('rejects any other name, for every path', async () => {
    const names = [
      'rebound.example.com',
      `rebound.example.com:${port}`,
      'videos.example.org.rebound.example.com',
      'evil-videos.example.org',
      'localhost.example.com',
      '127.0.0.1.example.com',
      '127.0.0.1:80@rebound.example.com',
      'videos.example.org, rebound.example.com',
      'localhost/rebound.example.com',
      '198.51.100.9',
      '[2001:db8::1]',
      '2130706433',
    ];
    for (const host of names) isMisdirected(await ask(host), host);
    const paths = [
      '/',
      '/docs',
      '/watch/1',
      '/api/v1/openapi.json',
      '/api/v1/videos',
      '/store/x',
      '/healthz/../docs',
    ];
    for (const path of paths) isMisdirected(await ask('rebound.example.com', { path }), path);
    const body = JSON.stringify({ email: 'a@example.org', password: 'x' });
    const login = { path: '/api/v1/users/login', method: 'POST', body };
    isMisdirected(await ask('rebound.example.com', login), 'login');
    isMisdirected(await ask('rebound.example.com', { method: 'OPTIONS' }), 'preflight');
  });

  test('allows probes by any address and by names of a container network, not by names of the internet', async () => {
    for (const path of ['/healthz', '/readyz']) {
      for (const host of ['10.1.2.3:8080', '[fd00::7]:8080', 'server:8080', 'reelmill-server']) {
        assert.equal((await ask(host, { path })).status, 200, `${path} at ${host}`);
      }
      isMisdirected(await ask('rebound.example.com', { path }), path);
    }
    assert.equal((await ask('10.1.2.3:8080', { path: '/metrics' })).status, 401);
    isMisdirected(await ask('rebound.example.com', { path: '/metrics' }), 'metrics');
  });

  test('a probe of HTTP/1.0 needs no Host, as compose sends it; other requests do', async () => {
    const exchange = async (path: string): Promise<string> => {
      const socket = connect(port, '127.0.0.1');
      socket.write(`GET ${path} HTTP/1.0\r\n\r\n`);
      return text(socket);
    };
    assert.match(await exchange('/readyz'), /^HTTP\/1\.1 200 /);
    assert.match(await exchange('/api/v1/server'), /^HTTP\/1\.1 421 /);
  });

  test('serves the address of the connection as a host name', async (t) => {
    const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    const own = addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
    if (own === undefined) return t.skip('this machine has no address but loopback');
    assert.equal((await ask(`${own}:${port}`, { address: own })).status, 200);
    isMisdirected(await ask(`${own}:${port}`), 'the same name at another address');
  });

  test('rejects a page whose name resolves to this address', async () => {
    // what a browser does for such a page: the connection goes to loopback, the name stays the page's
    const rebound = createServer((_request, response) => response.end('<script>'));
    await new Promise<void>((resolve) => rebound.listen(0, '127.0.0.1', resolve));
    try {
      const page = `rebound.example.com:${portOf(rebound)}`;
      for (const path of ['/api/v1/server', '/readyz', '/metrics', '/docs']) {
        isMisdirected(await ask(page, { path }), path);
      }
    } finally {
      rebound.close();
    }
  });
});

function addressPort(server: TestServer): number {
  const ready = server.logLines().find((line) => line.includes('"msg":"ready"')) ?? '{}';
  return (JSON.parse(ready) as { port: number }).port; // the ready line names it
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
