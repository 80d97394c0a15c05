import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, afterEach, before, describe, test } from 'node:test';
import {
  webhookDeliveryResponseSchema,
  webhookMessageSchema,
  webhookResponseSchema,
} from '@reelmill/shared/contracts/webhooks.ts';
import { pruneWebhookLog } from '../../server/src/maintenance/webhookLog.ts';
import type { ApiUser } from '../support/apiClient.ts';
import type { TestServer } from '../support/server.ts';
import { startWebhookReceiver, verify, type WebhookReceiver } from '../support/webhookReceiver.ts';
import { openWebhookStage, type WebhookStage } from '../support/webhookStage.ts';

const DAY_MS = 24 * 3_600_000;

describe('delivering webhooks', () => {
  let stage: WebhookStage;
  let server: TestServer;
  let receiver: WebhookReceiver;
  let ann: ApiUser;
  before(async () => {
    stage = await openWebhookStage();
    ({ server, receiver, ann } = stage);
  });
  after(() => stage?.close());
  afterEach(() => stage.reset());

  test('a delivery after a 500 is retried, later each time, with the same message', async () => {
    const { id, secret } = await stage.register(ann, '/flaky');
    receiver.respondWith((response) => response.writeHead(500).end(`out of order ${'x'.repeat(5_000)}`));
    await stage.fail(ann);
    const first = await stage.waitForDelivery(id, ({ attempts }) => attempts === 1);
    assert.deepEqual([first.state, first.error], ['pending', 'The response was 500.']);
    assert.equal(first.response?.status, 500);
    assert.match(first.response?.excerpt ?? '', /^out of order x{987}$/);
    assert.ok((await stage.readWebhook(id)).failing_since !== null);
    await stage.makeDue(id);
    const second = await stage.waitForDelivery(id, ({ attempts }) => attempts === 2);
    const wait = Date.parse(second.next_attempt_at ?? '') - Date.now();
    assert.ok(wait > 15_000 && wait < 40_000, `${wait} ms`);
    receiver.respondWith((response) => response.writeHead(200).end('thank you'));
    await stage.makeDue(id);
    const third = await stage.waitForDelivery(id, ({ state }) => state === 'delivered');
    assert.deepEqual([third.attempts, third.response?.excerpt, third.error], [3, 'thank you', null]);
    assert.equal((await stage.readWebhook(id)).failing_since, null);
    const requests = receiver.received.filter(({ path }) => path === '/flaky');
    assert.equal(new Set(requests.map((request) => request.headers['webhook-id'])).size, 1);
    for (const request of requests) verify(secret, request);
  });

  test('a timeout, a redirect and a refused connection are failures', async () => {
    const elsewhere = await startWebhookReceiver();
    try {
      const slow = await stage.register(ann, '/slow');
      const redirecting = await stage.register(ann, '/redirecting');
      const gone = await stage.register(ann, '', { url: await closedAddress() });
      receiver.respondWith((response, { path }) => {
        if (path === '/redirecting') response.writeHead(307, { Location: elsewhere.url }).end();
      });
      await stage.fail(ann);
      const [late, moved, refused] = await Promise.all(
        [slow, redirecting, gone].map(({ id }) =>
          stage.waitForDelivery(id, ({ attempts }) => attempts === 1),
        ),
      );
      assert.deepEqual(
        [late?.state, late?.error, late?.response],
        ['pending', 'No response within 1 s.', null],
      );
      assert.deepEqual([moved?.state, moved?.error], ['pending', 'The response was 307.']);
      assert.deepEqual([refused?.state, refused?.error], ['pending', 'The host refused the connection.']);
      assert.deepEqual(elsewhere.received, []);
    } finally {
      await elsewhere.close();
    }
  });

  test('a response whose body never ends is a success', async () => {
    const { id } = await stage.register(ann, '/endless');
    receiver.respondWith((response) => response.writeHead(200).write('and then'));
    await stage.fail(ann);
    const delivery = await stage.waitForDelivery(id, ({ state }) => state === 'delivered');
    assert.equal(delivery.response?.excerpt, 'and then');
  });

  test('slow endpoints do not delay others', async () => {
    const slow = await stage.register(ann, '/stuck');
    receiver.respondWith((response, { path }) => {
      if (path !== '/stuck') response.writeHead(204).end();
    });
    const { models } = server.context.database;
    const template = { endpointId: slow.id, type: 'webhook.test', payload: '{}', state: 'pending' } as const;
    await models.WebhookDelivery.bulkCreate(
      Array.from({ length: 300 }, (_, index) => ({
        ...template,
        messageId: `msg_${index}`,
        videoId: null,
        attempts: 0,
        nextAttemptAt: new Date(0),
        claimToken: null,
        responseStatus: null,
        responseExcerpt: null,
        error: null,
        durationMs: null,
        deliveredAt: null,
      })),
    );
    await receiver.waitFor('/stuck', 2);
    await stage.register(ann, '/prompt');
    await stage.fail(ann);
    await receiver.waitFor('/prompt');
    const stuck = receiver.received.filter(({ path }) => path === '/stuck').length;
    assert.ok(stuck < 30, `${stuck} of 300 slow ones were tried before it`);
  });

  test('disables an endpoint at once after 410, and after days of failures', async () => {
    const gone = await stage.register(ann, '/gone');
    receiver.respondWith((response) => response.writeHead(410).end());
    await stage.fail(ann);
    const delivery = await stage.waitForDelivery(gone.id, ({ state }) => state === 'given_up');
    assert.equal(delivery.attempts, 1);
    const disabled = await stage.readWebhook(gone.id);
    assert.deepEqual([disabled.enabled, disabled.disabled_reason], [false, 'The response was 410 Gone.']);

    const failing = await stage.register(ann, '/failing');
    receiver.respondWith((response) => response.writeHead(503).end());
    await stage.fail(ann);
    await stage.waitForDelivery(failing.id, ({ attempts }) => attempts === 1);
    assert.equal((await stage.readWebhook(failing.id)).enabled, true);
    const { models } = server.context.database;
    const longAgo = new Date(Date.now() - 4 * DAY_MS);
    await models.WebhookEndpoint.update({ failingSince: longAgo }, { where: { id: failing.id } });
    await stage.makeDue(failing.id);
    await stage.waitForDelivery(failing.id, ({ attempts }) => attempts === 2);
    const given = await stage.readWebhook(failing.id);
    assert.deepEqual(
      [given.enabled, given.disabled_reason],
      [false, 'No delivery has succeeded for three days.'],
    );

    // what waits goes on when it is enabled again
    receiver.respondWith((response) => response.writeHead(204).end());
    await stage.makeDue(failing.id);
    const enabled = await ann.call('PATCH', `/webhooks/${failing.id}`, { body: { enabled: true } });
    const { webhook } = enabled.as(webhookResponseSchema);
    assert.deepEqual([webhook.enabled, webhook.disabled_reason, webhook.failing_since], [true, null, null]);
    await stage.waitForDelivery(failing.id, ({ state }) => state === 'delivered');
  });

  test('a message that fails for a day is exhausted, and is sent again on request', async () => {
    const { id } = await stage.register(ann, '/day');
    receiver.respondWith((response) => response.writeHead(500).end());
    await stage.fail(ann);
    await stage.waitForDelivery(id, ({ attempts }) => attempts === 1);
    const { models } = server.context.database;
    await models.WebhookDelivery.update(
      { attempts: 11, nextAttemptAt: new Date() },
      { where: { endpointId: id } },
    );
    const over = await stage.waitForDelivery(id, ({ state }) => state === 'given_up');
    assert.deepEqual([over.attempts, over.next_attempt_at], [12, null]);
    receiver.respondWith((response) => response.writeHead(204).end());
    const again = await ann.call('POST', `/webhooks/${id}/deliveries/${over.id}/redeliver`);
    assert.equal(again.status, 202);
    assert.equal(again.as(webhookDeliveryResponseSchema).delivery.state, 'pending');
    const delivered = await stage.waitForDelivery(id, ({ state }) => state === 'delivered');
    assert.deepEqual([delivered.id, delivered.message_id, delivered.attempts], [over.id, over.message_id, 1]);
  });

  test('a test message is attempted once, and does not affect its endpoint', async () => {
    const { id, secret } = await stage.register(ann, '/test');
    const sendTest = () => ann.call('POST', `/webhooks/${id}/test`);
    assert.equal((await sendTest()).status, 202);
    const message = webhookMessageSchema.parse(verify(secret, await receiver.waitFor('/test')));
    assert.deepEqual([message.type, message.data.video], ['webhook.test', null]);
    await stage.waitForDelivery(id, ({ state }) => state === 'delivered');
    receiver.respondWith((response) => response.writeHead(500).end());
    await sendTest();
    const failed = await stage.waitForDelivery(id, ({ state }) => state === 'given_up');
    assert.equal(failed.attempts, 1);
    assert.equal((await stage.readWebhook(id)).failing_since, null);
    await ann.call('PATCH', `/webhooks/${id}`, { body: { enabled: false } });
    assert.deepEqual([(await sendTest()).status, (await sendTest()).error.code], [409, 'state_conflict']);
  });

  test('the delivery log is bounded', async () => {
    const { id } = await stage.register(ann, '/log');
    const { models } = server.context.database;
    await models.WebhookEndpoint.update({ disabledAt: new Date() }, { where: { id } });
    const row = (state: 'delivered' | 'pending', index: number) => ({
      endpointId: id,
      messageId: `msg_${index}`,
      type: 'webhook.test' as const,
      videoId: null,
      payload: '{}',
      state,
      attempts: 1,
      nextAttemptAt: new Date(),
      claimToken: null,
      responseStatus: 200,
      responseExcerpt: '',
      error: null,
      durationMs: 1,
      deliveredAt: null,
    });
    await models.WebhookDelivery.bulkCreate([
      row('pending', 0),
      ...Array.from({ length: 1_010 }, (_, index) => row('delivered', index + 1)),
    ]);
    await pruneWebhookLog(server.context);
    const kept = await models.WebhookDelivery.findAll({ where: { endpointId: id }, order: ['id'] });
    assert.deepEqual(
      [kept.length, kept[0]?.messageId, kept[1]?.messageId, kept.at(-1)?.messageId],
      [1_001, 'msg_0', 'msg_11', 'msg_1010'],
    );
    const old = new Date(Date.now() - 31 * DAY_MS);
    // the model itself would not have its own clock set back
    await models.WebhookDelivery.sequelize?.query('UPDATE webhook_deliveries SET updated_at = :old', {
      replacements: { old },
    });
    await pruneWebhookLog(server.context);
    assert.equal(await models.WebhookDelivery.count({ where: { endpointId: id } }), 0);
  });
});

/** An address at which nobody listens. */
async function closedAddress(): Promise<string> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('the probe has no TCP port');
  return `http://127.0.0.1:${address.port}/`;
}
