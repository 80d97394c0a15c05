import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { errorResponseSchema } from '@reelmill/shared/contracts/errors.ts';
import express from 'express';
import { readJson } from '../../server/src/http/readJson.ts';
import { DocumentedApi } from '../support/apiClient.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

describe('requests that are too much', () => {
  let server: TestServer;
  let api: DocumentedApi;
  before(async () => {
    server = await startTestServer();
    api = await DocumentedApi.of(server.url);
  });
  after(() => server.stop());

  /** Sends bytes as they are, and answers what comes back until the server closes. */
  async function exchange(bytes: string): Promise<{ status: number; head: string; body: string }> {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    await once(socket, 'connect');
    socket.write(bytes);
    let text = '';
    for await (const chunk of socket.setEncoding('utf8')) text += chunk;
    const answers = text.split(/(?=HTTP\/1\.1 )/);
    const [head = '', body = ''] = (answers.at(-1) ?? '').split('\r\n\r\n');
    return { status: Number(head.slice(9, 12)), head, body };
  }
  const codeOf = (body: string) => errorResponseSchema.parse(JSON.parse(body)).error.code;

  test('headers, or an address, that are too large answer 431 in the shape of every error', async () => {
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

  test('what is no HTTP answers 400, also after a request that was one', async () => {
    const nonsense = await exchange('nonsense\r\n\r\n');
    assert.deepEqual([nonsense.status, codeOf(nonsense.body)], [400, 'validation_failed']);
    const second = await exchange('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nnonsense\r\n\r\n');
    assert.deepEqual([second.status, codeOf(second.body)], [400, 'validation_failed']);
  });

  test('JSON may be nested as deep as it fits, without harm', async () => {
    const depth = 100_000;
    const nested = `{"email":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    const answer = await api.call('POST', '/users/login', { body: nested });
    assert.deepEqual([answer.status, answer.error.code], [400, 'validation_failed']);
  });

  test('a body that does not come answers 408, and the connection ends', async () => {
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
