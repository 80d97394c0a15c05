import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { AccountApi } from '@reelmill/desktop/engine/api/accountApi.ts';
import { ApiClient } from '@reelmill/desktop/engine/api/apiClient.ts';
import { NodeHttpTransport } from '@reelmill/desktop/node/httpTransport.ts';
import { DocumentedApi } from '../support/apiClient.ts';
import { makeSelfSigned } from '../support/privateCa.ts';
import { findFreePort, makeTemporaryFolder, type TemporaryFolder } from '../support/processes.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { closeServer, listen } from '../support/uploadApi.ts';
import { uploadSomething } from '../support/uploads.ts';

const ADMIN = { email: 'boss@example.org', password: 'the password of the boss' };
const { signal } = new AbortController();

describe('the API as the desktop sees it', { timeout: 60_000 }, () => {
  let server: TestServer;
  let folder: TemporaryFolder;
  const transport = new NodeHttpTransport();
  const account = new AccountApi(transport);
  before(async () => {
    folder = await makeTemporaryFolder('engine-api');
    server = await startTestServer({ env: { ADMIN_EMAIL: ADMIN.email, ADMIN_PASSWORD: ADMIN.password } });
  });
  after(async () => {
    transport.close();
    await server.stop();
    await folder.remove();
  });

  const clientOf = (token: string): ApiClient =>
    new ApiClient({
      serverUrl: server.url,
      transport,
      session: { accessToken: async () => token, refresh: async () => token },
    });
  const logIn = async (email: string, password: string): Promise<ApiClient> =>
    clientOf((await account.logIn(server.url, { email, password }, signal)).token);
  /** Runs `work` with a server that answers whatever the listener says. */
  const withServer = async (
    listener: RequestListener,
    work: (url: string) => Promise<void>,
  ): Promise<void> => {
    const other = createServer(listener);
    try {
      await work(await listen(other));
    } finally {
      await closeServer(other);
    }
  };

  test('creates an account and returns it', async () => {
    const info = await account.serverInfo(server.url, signal);
    assert.deepEqual([info.name, info.registration], ['reelmill', 'open']);
    const credentials = { email: 'ann@example.org', password: 'password of ann' };
    const user = await account.register(server.url, { nickname: 'Ann', ...credentials }, signal);
    const ann = await logIn(credentials.email, credentials.password);
    const { quota, ...me } = await ann.me(signal);
    assert.deepEqual(me, user);
    assert.deepEqual(quota?.videos, { used: 0, limit: null });
    const again = account.register(server.url, { nickname: 'Ann', ...credentials }, signal);
    await assert.rejects(again, { code: 'email_taken' });
    const weak = { nickname: 'Bo', email: 'bo@example.org', password: 'short' };
    await assert.rejects(account.register(server.url, weak, signal), { code: 'validation_failed' });
  });

  test('lists, renames and recognizes videos', async () => {
    const user = await (await DocumentedApi.of(server.url)).signUp('lister');
    const api = clientOf(user.token);
    const fingerprint = 'ef'.repeat(32);
    const ids = [
      await uploadSomething(user, { title: 'Tower & bridge', fingerprint }),
      await uploadSomething(user, { title: 'River' }),
    ];
    const titles = async (query: Parameters<ApiClient['listVideos']>[0]) =>
      (await api.listVideos(query, signal)).videos.map(({ title }) => title);
    assert.deepEqual(await titles({}), ['River', 'Tower & bridge']);
    assert.deepEqual(await titles({ sort: 'oldest', limit: 1 }), ['Tower & bridge']);
    assert.deepEqual(await titles({ search: 'er & b' }), ['Tower & bridge']);
    assert.deepEqual(await titles({ status: 'online' }), []);
    assert.deepEqual(await titles({ ids: String(ids[1]), search: '' }), ['River']);
    const patch = { title: 'Stream', visibility: 'unlisted' } as const;
    const updated = await api.updateVideo(ids[1] ?? 0, patch, signal);
    assert.deepEqual([updated.title, updated.visibility], ['Stream', 'unlisted']);
    const [duplicate] = await api.findDuplicates(fingerprint, 3, signal);
    assert.equal(duplicate?.id, ids[0]);
    assert.deepEqual(await api.findDuplicates(fingerprint, 4, signal), []);
    await assert.rejects(api.getFarm(signal), { code: 'forbidden' });
  });

  test('shows an admin the farm', async () => {
    const admin = await logIn(ADMIN.email, ADMIN.password);
    assert.ok((await admin.getFarm(signal)).suggested_replicas >= 0);
    assert.deepEqual(await admin.listDeadLetters(signal), []);
    assert.equal(await admin.replayDeadLetters(signal), 0);
  });

  test('distinguishes another server from a busy one', async () => {
    const answers: [number, string, string][] = [
      [200, '<html>a printer</html>', 'not_a_server'],
      [200, '{"name":"something else"}', 'not_a_server'],
      [404, 'not here', 'not_a_server'],
      [403, 'no', 'not_a_server'],
      [302, '', 'not_a_server'],
      [503, 'later', 'unavailable'],
    ];
    for (const [status, body, code] of answers) {
      await withServer(
        (_, response) => response.writeHead(status, { location: '/login' }).end(body),
        async (url) => {
          const asked = account.serverInfo(url, signal);
          await assert.rejects(asked, { code }, `${status} ${body}`);
          await assert.rejects(account.probe(url, signal), { code }, `${status} ${body}`);
        },
      );
    }
    await withServer(
      (_, response) => response.end('a printer'),
      (url) =>
        assert.rejects(account.serverInfo(url, signal), {
          message: `There is no Reelmill server at ${url}.`,
        }),
    );
  });

  test('explains why there is no response', async () => {
    const port = await findFreePort();
    await assert.rejects(account.serverInfo(`http://127.0.0.1:${port}`, signal), {
      code: 'network',
      message: `The connection to 127.0.0.1:${port} was refused.`,
    });
    await assert.rejects(account.serverInfo('http://nowhere.invalid', signal), (error: Error) => {
      assert.match(error.message, /^(There is no host named|The name) nowhere\.invalid/);
      return true;
    });
    // http where https is asked for
    await assert.rejects(account.serverInfo(server.url.replace('http:', 'https:'), signal), {
      code: 'network',
      message: /does not use https on this port/,
    });
  });

  test('rejects an untrusted certificate, and follows a redirect to https', async () => {
    const made = await makeSelfSigned(folder.path);
    const secure = createSecureServer(made, (_, response) => response.end('{}'));
    const url = (await listen(secure)).replace('http:', 'https:');
    try {
      await assert.rejects(account.serverInfo(url, signal), {
        code: 'certificate_invalid',
        message: /^The certificate of 127\.0\.0\.1:\d+ is not trusted: it is self-signed/,
      });
      const redirect: RequestListener = ({ url: asked }, response) =>
        response.writeHead(308, { location: `${url}${asked}` }).end();
      await withServer(redirect, (insecure) =>
        assert.rejects(account.probe(insecure, signal), { code: 'certificate_invalid' }),
      );
      const trusting = new NodeHttpTransport({ extraCaCerts: made.cert });
      try {
        await assert.rejects(new AccountApi(trusting).serverInfo(url, signal), { code: 'not_a_server' });
      } finally {
        trusting.close();
      }
    } finally {
      await closeServer(secure);
    }
  });

  test('trusts the CA certificates of the system', async () => {
    const made = await makeSelfSigned(folder.path);
    const script = `
      import { listCaCerts } from ${JSON.stringify(import.meta.resolve('@reelmill/desktop/node/caCerts.ts'))};
      process.stdout.write(JSON.stringify(listCaCerts(null)));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      env: { ...process.env, SSL_CERT_FILE: path.join(folder.path, 'cert.pem') },
      maxBuffer: 16 * 1024 * 1024,
    });
    const issuers: string[] = JSON.parse(stdout);
    assert.ok(issuers.some((issuer) => issuer.trim() === made.cert.trim()));
    assert.ok(issuers.length > 1, 'and those of Node');
  });
});
