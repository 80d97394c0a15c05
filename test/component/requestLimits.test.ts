import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { errorResponseSchema } from '@reelmill/shared/contracts/errors.ts';
import express from 'express';
import { readJson } from '../../server/src/http/readJson.ts';
import { limitBodyTime } from '../../server/src/http/requestBodies.ts';
import { DocumentedApi } from '../support/apiClient.ts';
import { waitFor } from '../support/processes.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { beginMultipart, put } from '../support/uploads.ts';

describe('requests that are too much', () => {
  let server: TestServer;
  let api: DocumentedApi;
  before(async () => {
    server = await startTestServer();
    api = await DocumentedApi.of(server.url);
  });
  after(() => server.stop());

  /** Sends raw bytes and returns the last response before the server closes the connection. */
  async function exchange(bytes: string): Promise<{ status: number; head: string; body: string }> {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    await once(socket, 'connect');
    socket.write(bytes);
    let text = '';
    for await (const chunk of socket.setEncoding('utf8')) text += chunk;
    const responses = text.split(/(?=HTTP\/1\.1 )/);
    const [head = '', body = ''] = (responses.at(-1) ?? '').split('\r\n\r\n');
    return { status: Number(head.slice(9, 12)), head, body };
  }
  const codeOf = (body: string) => errorResponseSchema.parse(JSON.parse(body)).error.code;

  test('rejects headers or a URL that are too large with 431 and an error response', async () => {
    for (const [line, header] of [
      ['GET /healthz HTTP/1.1', `X-Large: ${'x'.repeat(20_000)}`],
      [`GET /healthz?${'x'.repeat(20_000)} HTTP/1.1`, 'X-Small: 1'],
    ]) {
      const { status, head, body } = await exchange(`${line}\r\nHost: x\r\n${header}\r\n\r\n`);
      assert.deepEqual([status, codeOf(body)], [431, 'headers_too_large']);
      assert.match(head, /Connection: close/);
    }
    const long = await api.call('GET', `//healthz?${'x'.repeat(8_000)}`);
    assert.equal(long.status, 200);
  });

  test('rejects what is not HTTP with 400, also after a valid request', async () => {
    const nonsense = await exchange('nonsense\r\n\r\n');
    assert.deepEqual([nonsense.status, codeOf(nonsense.body)], [400, 'validation_failed']);
    const second = await exchange('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nnonsense\r\n\r\n');
    assert.deepEqual([second.status, codeOf(second.body)], [400, 'validation_failed']);
  });

  /** Everything that comes back until the server closes; `after` is sent once `awaited` has come. */
  async function converse(first: string, awaited: RegExp, after: string): Promise<string> {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.write(first);
    let text = '';
    let sent = false;
    for await (const chunk of socket.setEncoding('utf8')) {
      text += chunk;
      if (!sent && awaited.test(text)) {
        sent = true;
        socket.write(after);
      }
    }
    return text;
  }
  const head = (line: string, ...headers: string[]) =>
    `${[line, 'Host: localhost', ...headers].join('\r\n')}\r\n\r\n`;
  const JSON_BODY = ['Content-Type: application/json', 'Content-Length: 2'];

  test('sends 100 Continue only where the body is read', async () => {
    const login = 'POST /api/v1/users/login HTTP/1.1';
    const expecting = ['Expect: 100-continue', ...JSON_BODY];
    const asked = await converse(
      head(login, ...expecting),
      /^HTTP\/1\.1 100 Continue\r\n\r\n$/,
      `{}${head('GET /healthz HTTP/1.1', 'Connection: close')}`,
    );
    // the connection stays open after the response
    assert.deepEqual(
      [...asked.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status),
      ['100', '400', '200'],
    );
    const tooLarge = ['Expect: 100-continue', 'Content-Type: application/json', 'Content-Length: 300000'];
    for (const [request, status] of [
      [head('POST /nowhere HTTP/1.1', ...expecting), 404],
      [head('PUT /api/v1/users/login HTTP/1.1', ...expecting), 405],
      [head('POST /api/v1/videos/upload/complete HTTP/1.1', ...expecting), 401],
      [head(login, 'Expect: 100-continue', 'Content-Type: text/plain', 'Content-Length: 2'), 415],
      [head(login, ...tooLarge), 413],
      [head('PUT /store/objects/raw/x?expires=1 HTTP/1.1', ...expecting), 403],
      [head(login, 'Expect: 200-ok', ...JSON_BODY), 417],
    ] as const) {
      const refused = await exchange(request);
      assert.equal(refused.status, status, request);
      assert.ok(errorResponseSchema.parse(JSON.parse(refused.body)).error.request_id.length > 0);
    }
  });

  test('rejects a body that is too large by its Content-Length before reading it', async () => {
    const response = await exchange(
      head('POST /api/v1/users/login HTTP/1.1', 'Content-Type: application/json', 'Content-Length: 10000000'),
    );
    assert.deepEqual([response.status, codeOf(response.body)], [413, 'too_large']);
  });

  test('closes the connection of a client that continues to send after the response', async () => {
    for (const line of [
      'POST /nowhere HTTP/1.1',
      'DELETE /api/v1/videos/1 HTTP/1.1',
      'GET /healthz HTTP/1.1',
    ]) {
      const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
      const closed = once(
        socket.on('error', () => undefined),
        'close',
      );
      const begun = performance.now();
      socket.write(head(line, 'Content-Length: 1000'));
      const sending = setInterval(() => socket.write('x'), 200);
      let text = '';
      socket.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      await closed;
      clearInterval(sending);
      assert.match(text, /^HTTP\/1\.1 (200|401|404) /, line);
      assert.ok(performance.now() - begun < 25_000, line);
    }
  });

  test('rejects a request without a Host with 400, also of HTTP/1.0 where the name is checked', async () => {
    const response = await exchange('GET /healthz HTTP/1.1\r\n\r\n');
    assert.deepEqual([response.status, codeOf(response.body)], [400, 'validation_failed']);
    const old = await exchange('GET /healthz HTTP/1.0\r\n\r\n');
    assert.equal(old.status, 200);
  });

  test('survives deeply nested JSON', async () => {
    const depth = 100_000;
    const nested = `{"email":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    const response = await api.call('POST', '/users/login', { body: nested });
    assert.deepEqual([response.status, response.error.code], [400, 'validation_failed']);
  });

  test('a PUT that replaces another PUT of the same part ends only that one', async () => {
    const user = await api.signUp('twice');
    const { plan } = await beginMultipart(user, 1_000);
    const url = new URL(plan.urls[0]?.url ?? '');
    const socket = connect(Number(url.port), '127.0.0.1').on('error', () => undefined);
    const closed = once(socket.resume(), 'close');
    socket.write(`${head(`PUT ${url.pathname}${url.search} HTTP/1.1`, 'Content-Length: 1000')}x`);
    await waitFor('the older one is ended', async () => {
      assert.equal(await put(url.href, new Uint8Array(1_000)), 200);
      return socket.closed;
    });
    await closed;
    // longer than a client may send after a response: an error there would end the server
    await setTimeout(6_000);
    assert.equal((await api.call('GET', '//healthz')).status, 200);
  });

  test('closes the connection of a body that nobody reads, although the response continues', async () => {
    const app = express();
    app.use(limitBodyTime(200));
    app.get('/', (_request, response) => {
      response.write('an event');
    });
    const endless = createServer(app).listen(0, '127.0.0.1');
    await once(endless, 'listening');
    try {
      const address = endless.address();
      assert.ok(address !== null && typeof address === 'object');
      const socket = connect(address.port, '127.0.0.1');
      const closed = once(socket.on('error', () => undefined).resume(), 'close');
      socket.write(head('GET / HTTP/1.1', 'Content-Length: 1000'));
      const sending = setInterval(() => socket.write('x'), 50);
      await closed;
      clearInterval(sending);
    } finally {
      endless.close();
    }
  });

  test('a body that does not arrive gets 408, and the connection is closed', async () => {
    const app = express();
    app.post('/', async (request, response) => {
      const error: unknown = await readJson(request, response, 200).catch((thrown: unknown) => thrown);
      response.status(408).json(error);
    });
    const slow = createServer(app).listen(0, '127.0.0.1');
    await once(slow, 'listening');
    try {
      const address = slow.address();
      assert.ok(address !== null && typeof address === 'object');
      const socket = connect(address.port, '127.0.0.1');
      socket.write(
        'POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"e',
      );
      let text = '';
      for await (const chunk of socket.setEncoding('utf8')) text += chunk;
      assert.match(text, /^HTTP\/1\.1 408 [\s\S]*Connection: close[\s\S]*"code":"request_timeout"/);
    } finally {
      slow.close();
    }
  });
});
