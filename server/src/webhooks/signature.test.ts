import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { newMessageId } from '../events/videoEvents.ts';
import { newSecret, signatureHeaders } from './signature.ts';

const message = { id: newMessageId(), body: '{"type":"video.online"}', sentAt: new Date() };

test('signs a message according to the specification, with every secret', () => {
  const secrets = [newSecret(), newSecret()];
  const headers = signatureHeaders(message, secrets);
  for (const secret of secrets)
    assert.deepEqual(new Webhook(secret).verify(message.body, headers), { type: 'video.online' });
  assert.throws(() => new Webhook(newSecret()).verify(message.body, headers));
});

test('a signature covers id, time and body', () => {
  const secret = newSecret();
  const headers = signatureHeaders(message, [secret]);
  const webhook = new Webhook(secret);
  assert.throws(() => webhook.verify('{"type":"video.failed"}', headers));
  assert.throws(() => webhook.verify(message.body, { ...headers, 'webhook-id': newMessageId() }));
  const timestamp = String(Number(headers['webhook-timestamp']) + 1);
  assert.throws(() => webhook.verify(message.body, { ...headers, 'webhook-timestamp': timestamp }));
});

test('matches the signature of the example in the specification', () => {
  // the example of the Standard Webhooks specification, signed with openssl
  const headers = signatureHeaders(
    { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', body: '{"test": 2432232314}', sentAt: new Date(1_614_265_330_000) },
    ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
  );
  assert.equal(headers['webhook-signature'], 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
});
