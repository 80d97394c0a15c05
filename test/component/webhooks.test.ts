import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { after, afterEach, before, describe, test } from 'node:test';
import { auditListSchema } from '@reelmill/shared/contracts/audit.ts';
import { videoDetailSchema } from '@reelmill/shared/contracts/videos.ts';
import {
  type WebhookCreate,
  type WebhookDelivery,
  webhookDeliveryListSchema,
  webhookDeliveryResponseSchema,
  webhookListSchema,
  webhookMessageSchema,
  webhookResponseSchema,
  webhookSecretResponseSchema,
} from '@reelmill/shared/contracts/webhooks.ts';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { failTranscode } from '../../server/src/dispatch/lifecycle.ts';
import { pruneWebhookLog } from '../../server/src/webhooks/pruneLog.ts';
import { type ApiUser, DocumentedApi } from '../support/apiClient.ts';
import { PretendTranscode } from '../support/pretendTranscode.ts';
import { waitFor } from '../support/processes.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { uploadSomething } from '../support/uploads.ts';
import { startWebhookReceiver, verify, type WebhookReceiver } from '../support/webhookReceiver.ts';

const ADMIN = { email: 'boss@example.org', password: 'the password of the boss' };
const LOCAL = { WEBHOOK_ALLOW_HTTP: 'true', WEBHOOK_ALLOW_PRIVATE: 'true', WEBHOOK_TIMEOUT_SECONDS: '1' };
const DAY_MS = 24 * 3_600_000;

describe('webhooks', () => {
  let server: TestServer;
  let api: DocumentedApi;
  let receiver: WebhookReceiver;
  let ann: ApiUser;
  let bob: ApiUser;
  let admin: ApiUser;
  before(async () => {
    server = await startTestServer({
      env: { ...LOCAL, ADMIN_EMAIL: ADMIN.email, ADMIN_PASSWORD: ADMIN.password },
    });
    receiver = await startWebhookReceiver();
    api = await DocumentedApi.of(server.url);
    ann = await api.signUp('ann');
    bob = await api.signUp('bob');
    admin = await api.logIn(ADMIN);
  });
  after(async () => {
    await server?.stop();
    await receiver?.close();
  });
  afterEach(async () => {
    receiver.answer((response) => response.writeHead(204).end());
    await server.context.database.models.WebhookEndpoint.destroy({ where: {} });
  });

  const register = async (user: ApiUser, path: string, body: Partial<WebhookCreate> = {}) => {
    const answer = await user.call('POST', '/webhooks', { body: { url: `${receiver.url}${path}`, ...body } });
    assert.equal(answer.status, 201, answer.text);
    const { webhook, secret } = answer.as(webhookSecretResponseSchema);
    return { ...webhook, secret };
  };
  const goOnline = async (user: ApiUser): Promise<number> => {
    const videoId = await uploadSomething(user, { title: 'Tower & bridge' });
    await (await PretendTranscode.plan(server.context, videoId)).publish();
    return videoId;
  };
  const fail = async (user: ApiUser): Promise<number> => {
    const videoId = await uploadSomething(user);
    const { database, metrics } = server.context;
    await database.transaction(async (transaction) => {
      const video = await database.models.Video.findByPk(videoId, { transaction, rejectOnEmpty: true });
      const failure = { code: 'not_a_video', message: 'This is no video.', diagnostics: '/srv/x' } as const;
      await failTranscode({ models: database.models, transaction, video, failure, metrics });
    });
    return videoId;
  };
  const deliveriesOf = async (user: ApiUser, webhookId: number): Promise<WebhookDelivery[]> => {
    const answer = await user.call('GET', `/webhooks/${webhookId}/deliveries`);
    return answer.as(webhookDeliveryListSchema).deliveries;
  };
  /** The only delivery of an endpoint, once it is as the test wants it. */
  const settled = (webhookId: number, state: (delivery: WebhookDelivery) => boolean) =>
    waitFor('the delivery to settle', async () => {
      const [delivery] = await deliveriesOf(admin, webhookId);
      return delivery !== undefined && state(delivery) ? delivery : null;
    });
  /** What waits for its next try is due now. */
  const hurry = (webhookId: number) =>
    server.context.database.models.WebhookDelivery.update(
      { nextAttemptAt: new Date() },
      { where: { endpointId: webhookId, state: 'pending' } },
    );
  const readWebhook = async (id: number) =>
    (await admin.call('GET', `/webhooks/${id}`)).as(webhookResponseSchema).webhook;

  test('a video that is online is told of, signed, in the shape of the API and without signed addresses', async () => {
    const { secret } = await register(ann, '/online');
    const videoId = await goOnline(ann);
    const request = await receiver.waitFor('/online');
    const message = webhookMessageSchema.parse(verify(secret, request));
    assert.equal(message.type, 'video.online');
    assert.equal(message.id, request.headers['webhook-id']);
    assert.equal(request.headers['content-type'], 'application/json');
    assert.match(request.headers['user-agent'] ?? '', /^Reelmill\//);
    const detail = (await ann.call('GET', `/videos/${videoId}`)).as(videoDetailSchema).video;
    const { eta_seconds, cover_url, storyboard_url, playback_url, watch_url, ...facts } = detail;
    assert.ok(playback_url !== null && watch_url !== '');
    assert.deepEqual(message.data.video, facts);
    assert.doesNotMatch(request.body, /https?:|signature|sig=|token/);
  });

  test('a video that has failed is told of with the reason, without what is for admins only', async () => {
    const { secret, id } = await register(ann, '/failed');
    const videoId = await fail(ann);
    const request = await receiver.waitFor('/failed');
    const message = webhookMessageSchema.parse(verify(secret, request));
    assert.equal(message.type, 'video.failed');
    assert.deepEqual(message.data.video?.error, { code: 'not_a_video', message: 'This is no video.' });
    assert.doesNotMatch(request.body, /srv/);
    const delivery = await settled(id, ({ state }) => state === 'delivered');
    assert.deepEqual([delivery.video_id, delivery.attempts, delivery.response?.status], [videoId, 1, 204]);
    assert.deepEqual([delivery.next_attempt_at, delivery.error], [null, null]);
  });

  test('the document describes what is sent, and the code in the documentation verifies it', async () => {
    const { secret, id } = await register(ann, '/documented');
    await ann.call('POST', `/webhooks/${id}/test`);
    const request = await receiver.waitFor('/documented');
    const document: unknown = await (await fetch(`${server.url}/api/v1/openapi.json`)).json();
    const ajv = new Ajv2020({ strict: false, validateFormats: false }).addSchema(
      document as object,
      'openapi',
    );
    const validate = ajv.getSchema('openapi#/components/schemas/WebhookMessage');
    assert.ok(validate?.(JSON.parse(request.body)), ajv.errorsText(validate?.errors));
    assert.ok(!validate?.({ ...JSON.parse(request.body), type: 'video.strange' }));

    const text = await readFile(new URL('../../deploy/webhooks.md', import.meta.url), 'utf8');
    const blocks = text.split('```js\n').map((part) => part.split('\n```', 1).join(''));
    const code = blocks.find((block) => block.includes('function verify'));
    assert.ok(code);
    const url = `data:text/javascript,${encodeURIComponent(`${code}\nexport { verify };`)}`;
    const documented: { verify(secret: string, body: string, headers: object): boolean } = await import(url);
    assert.equal(documented.verify(secret, request.body, request.headers), true);
    assert.equal(documented.verify(secret, `${request.body} `, request.headers), false);
    const old = { ...request.headers, 'webhook-timestamp': '1700000000' };
    assert.equal(documented.verify(secret, request.body, old), false);
  });

  test('what is rolled back was never said, and each video is told of once', async () => {
    await register(ann, '/once');
    const videoId = await uploadSomething(ann);
    const { database, metrics } = server.context;
    const failure = { code: 'internal', message: 'x' } as const;
    const failIt = (error?: Error) =>
      database.transaction(async (transaction) => {
        const video = await database.models.Video.findByPk(videoId, { transaction, rejectOnEmpty: true });
        const failed = await failTranscode({ models: database.models, transaction, video, failure, metrics });
        if (error !== undefined) throw error;
        return failed;
      });
    await assert.rejects(failIt(new Error('rolled back')));
    assert.equal(await database.models.WebhookDelivery.count({ where: { videoId } }), 0);
    assert.deepEqual([await failIt(), await failIt()], [true, false]);
    assert.equal(await database.models.WebhookDelivery.count({ where: { videoId } }), 1);
  });

  test('everybody hears of their own videos and only of what they asked for; admins of all, if they want', async () => {
    const annOnline = await register(ann, '/ann', { events: ['video.online'] });
    const bobs = await register(bob, '/bob');
    const all = await register(admin, '/all', { scope: 'all' });
    const adminsOwn = await register(admin, '/admins-own');
    const [online, failed] = [await goOnline(ann), await fail(ann)];
    await receiver.waitFor('/all', 2);
    await receiver.waitFor('/ann');
    const told = async ({ id }: { id: number }) =>
      (await deliveriesOf(admin, id)).map(({ video_id }) => video_id).toReversed();
    assert.deepEqual(await told(annOnline), [online]);
    assert.deepEqual(await told(all), [online, failed]);
    assert.deepEqual([await told(bobs), await told(adminsOwn)], [[], []]);
    const refused = await bob.call('POST', '/webhooks', { body: { url: receiver.url, scope: 'all' } });
    assert.deepEqual([refused.status, refused.error.code], [403, 'forbidden']);
  });

  test('somebody who is disabled, or no admin any more, hears nothing', async () => {
    const { models } = server.context.database;
    const boss = await api.signUp('deputy');
    await models.User.update({ role: 'admin' }, { where: { id: boss.userId } });
    const eve = await api.signUp('eve');
    const [all, own] = [await register(admin, '/still', { scope: 'all' }), await register(eve, '/eve')];
    await models.WebhookEndpoint.update({ userId: boss.userId }, { where: { id: all.id } });
    await models.User.update({ role: 'creator' }, { where: { id: boss.userId } });
    const videoId = await uploadSomething(eve);
    await models.User.update({ disabledAt: new Date() }, { where: { id: eve.userId } });
    await (await PretendTranscode.plan(server.context, videoId)).publish();
    assert.deepEqual([await deliveriesOf(admin, all.id), await deliveriesOf(admin, own.id)], [[], []]);
  });

  test('a receiver that answers 500 is tried again, later each time, with the same message', async () => {
    const { id, secret } = await register(ann, '/flaky');
    receiver.answer((response) => response.writeHead(500).end(`out of order ${'x'.repeat(5_000)}`));
    await fail(ann);
    const first = await settled(id, ({ attempts }) => attempts === 1);
    assert.deepEqual([first.state, first.error], ['pending', 'It answered 500.']);
    assert.equal(first.response?.status, 500);
    assert.match(first.response?.excerpt ?? '', /^out of order x{987}$/);
    assert.ok((await readWebhook(id)).failing_since !== null);
    await hurry(id);
    const second = await settled(id, ({ attempts }) => attempts === 2);
    const wait = Date.parse(second.next_attempt_at ?? '') - Date.now();
    assert.ok(wait > 15_000 && wait < 40_000, `${wait} ms`);
    receiver.answer((response) => response.writeHead(200).end('thank you'));
    await hurry(id);
    const third = await settled(id, ({ state }) => state === 'delivered');
    assert.deepEqual([third.attempts, third.response?.excerpt, third.error], [3, 'thank you', null]);
    assert.equal((await readWebhook(id)).failing_since, null);
    const requests = receiver.received.filter(({ path }) => path === '/flaky');
    assert.equal(new Set(requests.map((request) => request.headers['webhook-id'])).size, 1);
    for (const request of requests) verify(secret, request);
  });

  test('a receiver that is slow, one that redirects, and one that is not there have failed', async () => {
    const elsewhere = await startWebhookReceiver();
    try {
      const slow = await register(ann, '/slow');
      const redirecting = await register(ann, '/redirecting');
      const gone = await register(ann, '', { url: await closedAddress() });
      receiver.answer((response, { path }) => {
        if (path === '/redirecting') response.writeHead(307, { Location: elsewhere.url }).end();
      });
      await fail(ann);
      const [late, moved, refused] = await Promise.all(
        [slow, redirecting, gone].map(({ id }) => settled(id, ({ attempts }) => attempts === 1)),
      );
      assert.deepEqual(
        [late?.state, late?.error, late?.response],
        ['pending', 'It did not answer within 1 s.', null],
      );
      assert.deepEqual([moved?.state, moved?.error], ['pending', 'It answered 307.']);
      assert.deepEqual([refused?.state, refused?.error], ['pending', 'It refused the connection.']);
      assert.deepEqual(elsewhere.received, []);
    } finally {
      await elsewhere.close();
    }
  });

  test('an answer whose body never ends is an answer', async () => {
    const { id } = await register(ann, '/endless');
    receiver.answer((response) => response.writeHead(200).write('and then'));
    await fail(ann);
    const delivery = await settled(id, ({ state }) => state === 'delivered');
    assert.equal(delivery.response?.excerpt, 'and then');
  });

  test('slow endpoints hold up nobody else', async () => {
    const slow = await register(ann, '/stuck');
    receiver.answer((response, { path }) => {
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
    await register(ann, '/prompt');
    await fail(ann);
    await receiver.waitFor('/prompt');
    const stuck = receiver.received.filter(({ path }) => path === '/stuck').length;
    assert.ok(stuck < 30, `${stuck} of 300 slow ones were tried before it`);
  });

  test('an endpoint that is gone is disabled at once, one that fails for days in the end', async () => {
    const gone = await register(ann, '/gone');
    receiver.answer((response) => response.writeHead(410).end());
    await fail(ann);
    const delivery = await settled(gone.id, ({ state }) => state === 'given_up');
    assert.equal(delivery.attempts, 1);
    const disabled = await readWebhook(gone.id);
    assert.deepEqual([disabled.enabled, disabled.disabled_reason], [false, 'It answered 410 Gone.']);

    const failing = await register(ann, '/failing');
    receiver.answer((response) => response.writeHead(503).end());
    await fail(ann);
    await settled(failing.id, ({ attempts }) => attempts === 1);
    assert.equal((await readWebhook(failing.id)).enabled, true);
    const { models } = server.context.database;
    const longAgo = new Date(Date.now() - 4 * DAY_MS);
    await models.WebhookEndpoint.update({ failingSince: longAgo }, { where: { id: failing.id } });
    await hurry(failing.id);
    await settled(failing.id, ({ attempts }) => attempts === 2);
    const given = await readWebhook(failing.id);
    assert.deepEqual(
      [given.enabled, given.disabled_reason],
      [false, 'No delivery has succeeded for three days.'],
    );

    // what waits goes on when it is enabled again
    receiver.answer((response) => response.writeHead(204).end());
    await hurry(failing.id);
    const enabled = await ann.call('PATCH', `/webhooks/${failing.id}`, { body: { enabled: true } });
    const { webhook } = enabled.as(webhookResponseSchema);
    assert.deepEqual([webhook.enabled, webhook.disabled_reason, webhook.failing_since], [true, null, null]);
    await settled(failing.id, ({ state }) => state === 'delivered');
  });

  test('a message that fails for a day is given up, and goes again when it is asked for', async () => {
    const { id } = await register(ann, '/day');
    receiver.answer((response) => response.writeHead(500).end());
    await fail(ann);
    await settled(id, ({ attempts }) => attempts === 1);
    const { models } = server.context.database;
    await models.WebhookDelivery.update(
      { attempts: 11, nextAttemptAt: new Date() },
      { where: { endpointId: id } },
    );
    const over = await settled(id, ({ state }) => state === 'given_up');
    assert.deepEqual([over.attempts, over.next_attempt_at], [12, null]);
    receiver.answer((response) => response.writeHead(204).end());
    const again = await ann.call('POST', `/webhooks/${id}/deliveries/${over.id}/redeliver`);
    assert.equal(again.status, 202);
    assert.equal(again.as(webhookDeliveryResponseSchema).delivery.state, 'pending');
    const delivered = await settled(id, ({ state }) => state === 'delivered');
    assert.deepEqual([delivered.id, delivered.message_id, delivered.attempts], [over.id, over.message_id, 1]);
  });

  test('a test message is tried once, and harms no endpoint', async () => {
    const { id, secret } = await register(ann, '/test');
    const sendTest = () => ann.call('POST', `/webhooks/${id}/test`);
    assert.equal((await sendTest()).status, 202);
    const message = webhookMessageSchema.parse(verify(secret, await receiver.waitFor('/test')));
    assert.deepEqual([message.type, message.data.video], ['webhook.test', null]);
    await settled(id, ({ state }) => state === 'delivered');
    receiver.answer((response) => response.writeHead(500).end());
    await sendTest();
    const failed = await settled(id, ({ state }) => state === 'given_up');
    assert.equal(failed.attempts, 1);
    assert.equal((await readWebhook(id)).failing_since, null);
    await ann.call('PATCH', `/webhooks/${id}`, { body: { enabled: false } });
    assert.deepEqual([(await sendTest()).status, (await sendTest()).error.code], [409, 'state_conflict']);
  });

  test('a secret is told once; after a new one both sign for a day', async () => {
    const { id, secret } = await register(ann, '/rotate');
    const listed = await ann.call('GET', '/webhooks');
    assert.doesNotMatch(listed.text, /whsec_/);
    assert.doesNotMatch((await ann.call('GET', `/webhooks/${id}`)).text, /whsec_/);
    const rotated = await ann.call('POST', `/webhooks/${id}/rotate-secret`);
    const next = rotated.as(webhookSecretResponseSchema).secret;
    assert.match(next, /^whsec_[A-Za-z0-9+/]{43}=$/);
    assert.notEqual(next, secret);
    await fail(ann);
    const request = await receiver.waitFor('/rotate');
    verify(next, request);
    verify(secret, request);
    const { models } = server.context.database;
    await models.WebhookEndpoint.update({ previousSecretEndsAt: new Date() }, { where: { id } });
    await fail(ann);
    const later = await receiver.waitFor('/rotate', 2);
    verify(next, later);
    assert.throws(() => verify(secret, later));
    assert.ok(!server.logLines().some((line) => line.includes('whsec_')));
  });

  test('endpoints are listed, changed and removed by their owner or an admin, by nobody else', async () => {
    const { id } = await register(ann, '/mine', { description: 'for the archive' });
    await register(bob, '/bobs');
    const list = async (user: ApiUser) =>
      (await user.call('GET', '/webhooks'))
        .as(webhookListSchema)
        .webhooks.map(({ url }) => new URL(url).pathname);
    assert.deepEqual(await list(ann), ['/mine']);
    assert.deepEqual(await list(admin), ['/mine', '/bobs']);
    for (const [method, path, body] of [
      ['GET', '', undefined],
      ['PATCH', '', { enabled: false }],
      ['DELETE', '', undefined],
      ['POST', '/rotate-secret', undefined],
      ['POST', '/test', undefined],
      ['GET', '/deliveries', undefined],
    ] as const) {
      const answer = await bob.call(method, `/webhooks/${id}${path}`, { body });
      assert.deepEqual([answer.status, answer.error.code], [404, 'not_found'], `${method} ${path}`);
    }
    const changed = await ann.call('PATCH', `/webhooks/${id}`, { body: { events: ['video.failed'] } });
    const { webhook } = changed.as(webhookResponseSchema);
    assert.deepEqual([webhook.events, webhook.description], [['video.failed'], 'for the archive']);
    assert.equal((await ann.call('DELETE', `/webhooks/${id}`)).status, 204);
    assert.deepEqual(await list(ann), []);
  });

  test('what admins do with endpoints of others, or for all videos, is written down', async () => {
    await server.context.database.models.Audit.sequelize?.query('DELETE FROM audit_log');
    const anns = await register(ann, '/anns?token=secret');
    await ann.call('POST', `/webhooks/${anns.id}/rotate-secret`);
    const all = await register(admin, '/all', { scope: 'all' });
    await admin.call('POST', `/webhooks/${all.id}/rotate-secret`);
    await admin.call('PATCH', `/webhooks/${anns.id}`, { body: { enabled: false } });
    await admin.call('DELETE', `/webhooks/${anns.id}`);
    const log = (await admin.call('GET', '/admin/audit')).as(auditListSchema);
    const entries = log.entries.toReversed();
    assert.deepEqual(
      entries.map(({ action, target }) => [action, target?.kind, target?.id]),
      [
        ['webhook.create', 'webhook', String(all.id)],
        ['webhook.rotate_secret', 'webhook', String(all.id)],
        ['webhook.update', 'webhook', String(anns.id)],
        ['webhook.delete', 'webhook', String(anns.id)],
      ],
    );
    assert.deepEqual(entries[2]?.details, {
      owner: ann.userId,
      scope: 'own',
      origin: receiver.url,
      enabled: false,
    });
  });

  test('an endpoint has an address of a kind that can be called, and nobody has too many', async () => {
    for (const url of [
      'ftp://example.org/',
      'example.org',
      'https://user:password@example.org/',
      'javascript:1',
    ]) {
      const answer = await ann.call('POST', '/webhooks', { body: { url } });
      assert.deepEqual([answer.status, answer.error.code], [400, 'validation_failed'], url);
    }
    for (let count = 0; count < 20; count += 1) await register(ann, `/many/${count}`);
    const more = await ann.call('POST', '/webhooks', { body: { url: receiver.url } });
    assert.deepEqual([more.status, more.error.code], [409, 'state_conflict']);
  });

  test('the log is kept within bounds', async () => {
    const { id } = await register(ann, '/log');
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
