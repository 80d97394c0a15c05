import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { auditListSchema } from '@reelmill/shared/contracts/audit.ts';
import {
  webhookListSchema,
  webhookResponseSchema,
  webhookSecretResponseSchema,
} from '@reelmill/shared/contracts/webhooks.ts';
import type { ApiUser } from '../support/apiClient.ts';
import type { TestServer } from '../support/server.ts';
import { verify, type WebhookReceiver } from '../support/webhookReceiver.ts';
import { openWebhookStage, type WebhookStage } from '../support/webhookStage.ts';

describe('endpoints of webhooks', () => {
  let stage: WebhookStage;
  let server: TestServer;
  let receiver: WebhookReceiver;
  let ann: ApiUser;
  let bob: ApiUser;
  let admin: ApiUser;
  before(async () => {
    stage = await openWebhookStage();
    ({ server, receiver, ann, bob, admin } = stage);
  });
  after(() => stage?.close());
  afterEach(() => stage.reset());

  test('a secret is returned once; after a rotation both sign for a day', async () => {
    const { id, secret } = await stage.register(ann, '/rotate');
    const listed = await ann.call('GET', '/webhooks');
    assert.doesNotMatch(listed.text, /whsec_/);
    assert.doesNotMatch((await ann.call('GET', `/webhooks/${id}`)).text, /whsec_/);
    const rotated = await ann.call('POST', `/webhooks/${id}/rotate-secret`);
    const next = rotated.as(webhookSecretResponseSchema).secret;
    assert.match(next, /^whsec_[A-Za-z0-9+/]{43}=$/);
    assert.notEqual(next, secret);
    await stage.fail(ann);
    const request = await receiver.waitFor('/rotate');
    verify(next, request);
    verify(secret, request);
    const { models } = server.context.database;
    await models.WebhookEndpoint.update({ previousSecretEndsAt: new Date() }, { where: { id } });
    await stage.fail(ann);
    const later = await receiver.waitFor('/rotate', 2);
    verify(next, later);
    assert.throws(() => verify(secret, later));
    assert.ok(!server.logLines().some((line) => line.includes('whsec_')));
  });

  test('only their owner or an admin can list, change and remove endpoints', async () => {
    const { id } = await stage.register(ann, '/mine', { description: 'for the archive' });
    await stage.register(bob, '/bobs');
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
      const response = await bob.call(method, `/webhooks/${id}${path}`, { body });
      assert.deepEqual([response.status, response.error.code], [404, 'not_found'], `${method} ${path}`);
    }
    const changed = await ann.call('PATCH', `/webhooks/${id}`, { body: { events: ['video.failed'] } });
    const { webhook } = changed.as(webhookResponseSchema);
    assert.deepEqual([webhook.events, webhook.description], [['video.failed'], 'for the archive']);
    assert.equal((await ann.call('DELETE', `/webhooks/${id}`)).status, 204);
    assert.deepEqual(await list(ann), []);
  });

  test('records changes by admins to endpoints of others, or for all videos', async () => {
    await server.context.database.models.Audit.sequelize?.query('DELETE FROM audit_log');
    const anns = await stage.register(ann, '/anns?token=secret');
    await ann.call('POST', `/webhooks/${anns.id}/rotate-secret`);
    const all = await stage.register(admin, '/all', { scope: 'all' });
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

  test('rejects invalid URLs, and endpoints beyond the limit', async () => {
    for (const url of [
      'ftp://example.org/',
      'example.org',
      'https://user:password@example.org/',
      'javascript:1',
    ]) {
      const response = await ann.call('POST', '/webhooks', { body: { url } });
      assert.deepEqual([response.status, response.error.code], [400, 'validation_failed'], url);
    }
    for (let count = 0; count < 20; count += 1) await stage.register(ann, `/many/${count}`);
    const more = await ann.call('POST', '/webhooks', { body: { url: receiver.url } });
    assert.deepEqual([more.status, more.error.code], [409, 'state_conflict']);
  });
});
