import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { request as requestHttp } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { inspect, promisify } from 'node:util';
import { createClient } from '@reelmill/desktop/node/client.ts';
import { clientFolderAt } from '@reelmill/desktop/node/clientFolder.ts';
import { readProxies } from '@reelmill/desktop/node/proxies.ts';
import { type CliResult, runReelmill } from '../support/cli.ts';
import { type ForwardProxy, startForwardProxy } from '../support/forwardProxy.ts';
import { makeTemporaryFolder } from '../support/processes.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { closeServer, listen } from '../support/uploadApi.ts';

const PASSWORD = 'se:cr@t';
const ACCOUNT = { nickname: 'ann', email: 'ann@example.org', password: 'password of ann' };

describe('the command line in a network whose only way out is a proxy', { timeout: 120_000 }, () => {
  let folder: { path: string; remove(): Promise<void> };
  let server: TestServer;
  let secureServer: TestServer;
  let tls: ReturnType<typeof createSecureServer>;
  let proxy: ForwardProxy;
  let certificate: string;
  before(async () => {
    folder = await makeTemporaryFolder('proxy');
    server = await startTestServer({ env: { PUBLIC_URL: 'http://videos.test' } });
    secureServer = await startTestServer({ env: { PUBLIC_URL: 'https://secure.test' } });
    certificate = path.join(folder.path, 'cert.pem');
    const key = path.join(folder.path, 'key.pem');
    const subject = ['-subj', '/CN=secure.test', '-addext', 'subjectAltName=DNS:secure.test'];
    const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject];
    await promisify(execFile)('openssl', [...made, '-keyout', key, '-out', certificate]);
    const { port } = new URL(secureServer.localUrl);
    tls = createSecureServer(
      { cert: await readFile(certificate), key: await readFile(key) },
      (request, response) => {
        const { method, url, headers } = request;
        const upstream = requestHttp({ port, host: '127.0.0.1', method, path: url, headers }, (answer) => {
          response.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(response);
        });
        request.pipe(upstream);
      },
    );
    const secureAddress = new URL(await listen(tls));
    proxy = await startForwardProxy({
      targets: {
        'videos.test:80': new URL(server.localUrl),
        'secure.test:443': secureAddress,
      },
      credentials: `ann:${PASSWORD}`,
    });
  });
  after(async () => {
    await proxy.close();
    await closeServer(tls);
    await server.stop();
    await secureServer.stop();
    await folder.remove();
  });

  const register = async ({ localUrl }: TestServer): Promise<void> => {
    const answer = await fetch(`${localUrl}/api/v1/users/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(ACCOUNT),
    });
    assert.equal(answer.status, 201, await answer.text());
  };
  const run = (args: readonly string[], env: Record<string, string>, input = ''): Promise<CliResult> =>
    runReelmill(path.join(folder.path, 'config'), args, input, { NODE_EXTRA_CA_CERTS: certificate, ...env });
  const logIn = (url: string, env: Record<string, string>): Promise<CliResult> =>
    run(
      ['login', '--server', url, '--email', ACCOUNT.email, '--password-stdin'],
      env,
      `${ACCOUNT.password}\n`,
    );

  const logInHere = async (url: string, env: Record<string, string>): Promise<void> => {
    const client = createClient(clientFolderAt(path.join(folder.path, 'here')), {
      proxies: readProxies(env),
    });
    try {
      await client.logIn(url, ACCOUNT);
    } finally {
      client.close();
    }
  };

  for (const scheme of ['http', 'https'] as const) {
    test(`logs in and uploads over ${scheme} through it`, async () => {
      const url = scheme === 'http' ? 'http://videos.test' : 'https://secure.test';
      await register(scheme === 'http' ? server : secureServer);
      const proxyUrl = `http://ann:${encodeURIComponent(PASSWORD)}@127.0.0.1:${proxy.port}`;
      const env = { [scheme === 'http' ? 'http_proxy' : 'HTTPS_PROXY']: proxyUrl };
      const before = proxy.passed.length;
      const loggedIn = await logIn(url, env);
      assert.equal(loggedIn.code, 0, loggedIn.stderr);
      const file = path.join(folder.path, `${scheme}.mp4`);
      await writeFile(file, randomBytes(300_000));
      const uploaded = await run(['upload', file], env);
      assert.equal(uploaded.code, 0, uploaded.stderr);
      const passed = proxy.passed.slice(before).join('\n');
      assert.match(
        passed,
        scheme === 'http' ? /PUT http:\/\/videos\.test\/store\// : /CONNECT secure\.test:443/,
      );
    });
  }

  test('says what is wrong with the proxy, and never its password', async () => {
    const wrong = `http://ann:wrong-secret@127.0.0.1:${proxy.port}`;
    const cases: [Record<string, string>, string, RegExp][] = [
      [{ http_proxy: wrong }, 'http://videos.test', /The proxy 127\.0\.0\.1:\d+ rejected the user name/],
      [{ HTTPS_PROXY: wrong }, 'https://secure.test', /The proxy 127\.0\.0\.1:\d+ rejected the user name/],
      [
        { HTTP_PROXY: `http://127.0.0.1:${proxy.port}` },
        'http://videos.test',
        /requires a user name and a password/,
      ],
      [
        { HTTP_PROXY: 'http://ann:wrong-secret@127.0.0.1:9' },
        'http://videos.test',
        /The connection to 127\.0\.0\.1:9 was refused\. It is the proxy for videos\.test/,
      ],
      [
        { ALL_PROXY: 'socks5://ann:wrong-secret@127.0.0.1:9' },
        'http://videos.test',
        /^ALL_PROXY must look like/,
      ],
      [{ HTTP_PROXY: wrong, NO_PROXY: 'videos.test' }, 'http://videos.test', /videos\.test/],
    ];
    for (const [env, url, message] of cases) {
      await assert.rejects(logInHere(url, env), (error: Error) => {
        assert.match(error.message, message);
        assert.ok(!inspect(error, { depth: 10 }).includes('secret'), inspect(error));
        return true;
      });
    }
    const refused = await logIn('https://secure.test', { HTTPS_PROXY: wrong });
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /^The proxy 127\.0\.0\.1:\d+ rejected the user name or the password/);
    assert.ok(!refused.stderr.includes('secret'), refused.stderr);
  });
});
