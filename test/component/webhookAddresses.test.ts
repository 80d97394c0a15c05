import assert from 'node:assert/strict';
import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import { after, before, describe, mock, test } from 'node:test';
import { postMessage } from '../../server/src/webhooks/postMessage.ts';
import { DocumentedApi } from '../support/apiClient.ts';
import { startTestServer } from '../support/server.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhookReceiver.ts';

const NOT_PUBLIC = 'The address of the host is not public.';
const { signal } = new AbortController();

describe('addresses that a webhook may not reach', () => {
  let receiver: WebhookReceiver;
  let port: string;
  before(async () => {
    receiver = await startWebhookReceiver();
    port = new URL(receiver.url).port;
  });
  after(() => receiver.close());

  const post = (url: string, allowPrivate = false) =>
    postMessage({ url, body: '{}', headers: {}, allowPrivate, timeoutSeconds: 5, signal });

  test('rejects loopback, private, link-local and metadata addresses in every notation', async () => {
    const hosts = [
      '127.0.0.1',
      '127.1',
      '0x7f000001',
      '2130706433',
      '[::1]',
      '[::ffff:127.0.0.1]',
      '0.0.0.0',
      '[::]',
      '10.0.0.1',
      '172.16.0.1',
      '192.168.1.1',
      '100.64.0.1',
      '169.254.169.254',
      '[fe80::1]',
      '[fd00:ec2::254]',
      '224.0.0.1',
      'localhost',
    ];
    for (const host of hosts) {
      for (const scheme of ['http', 'https']) {
        const { status, error } = await post(`${scheme}://${host}:${port}/`);
        assert.deepEqual([status, error], [null, NOT_PUBLIC], `${scheme}://${host}`);
      }
    }
    assert.deepEqual(receiver.received, []);
    assert.equal((await post(receiver.url, true)).status, 204);
  });

  test('checks the address of the connection, not an earlier one of the name', async () => {
    const addresses = ['93.184.215.14', '127.0.0.1'];
    const lookup = mock.method(dns, 'lookup', (...args: unknown[]) => {
      const options = args[1];
      const callback = args.at(-1);
      if (typeof callback !== 'function') throw new TypeError('no callback');
      const address = addresses.shift();
      const wantsAll = typeof options === 'object' && options !== null && 'all' in options && options.all;
      if (wantsAll) callback(null, [{ address, family: 4 }]);
      else callback(null, address, 4);
    });
    syncBuiltinESMExports();
    try {
      // somebody who checked first would have been told this
      const { promise, resolve } = Promise.withResolvers<string>();
      dns.lookup('rebinding.example', 4, (_error, address) => resolve(address));
      assert.equal(await promise, '93.184.215.14');
      const before = receiver.received.length;
      const { status, error } = await post(`http://rebinding.example:${port}/`);
      assert.deepEqual([status, error], [null, NOT_PUBLIC]);
      assert.equal(receiver.received.length, before);
      assert.equal(lookup.mock.callCount(), 2);
    } finally {
      lookup.mock.restore();
      syncBuiltinESMExports();
    }
  });

  test('by default a server accepts https only, and sends nothing to its own network', async () => {
    const server = await startTestServer();
    try {
      const user = await (await DocumentedApi.of(server.url)).signUp('ann');
      const response = await user.call('POST', '/webhooks', { body: { url: 'http://example.org/' } });
      assert.deepEqual([response.status, response.error.code], [400, 'validation_failed']);
      const secure = await user.call('POST', '/webhooks', { body: { url: 'HTTPS://example.org' } });
      assert.equal(secure.status, 201);
    } finally {
      await server.stop();
    }
  });
});
