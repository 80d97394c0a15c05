import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { webhookSecretResponseSchema } from '@reelmill/shared/contracts/webhooks.ts';
import { readServerConfig } from '@reelmill/shared/runtime/config.ts';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import { type Database, openDatabase } from '../../server/src/db/database.ts';
import type { WebhookDeliveryRow } from '../../server/src/db/rows.ts';
import { newDelivery, newMessage } from '../../server/src/events/videoEvents.ts';
import { createMetrics } from '../../server/src/telemetry/metrics.ts';
import { startDeliverer } from '../../server/src/webhooks/deliverer.ts';
import { newSecret } from '../../server/src/webhooks/signature.ts';
import { DocumentedApi } from '../support/apiClient.ts';
import { type TestDatabase, useMariaDb } from '../support/mariadb.ts';
import { makeTemporaryFolder, type TemporaryFolder, waitFor } from '../support/processes.ts';
import { startServerProcess } from '../support/server.ts';
import { startWebhookReceiver, verify, type WebhookReceiver } from '../support/webhookReceiver.ts';

const LOCAL = { WEBHOOK_ALLOW_HTTP: 'true', WEBHOOK_ALLOW_PRIVATE: 'true' };
const logger = createLogger({ level: 'silent', name: 'test' });

describe('webhooks with several servers', { timeout: 120_000 }, () => {
  let mariadb: TestDatabase;
  let databases: Database[];
  let receiver: WebhookReceiver;
  before(async () => {
    mariadb = await useMariaDb();
    databases = await Promise.all([1, 2, 3].map(() => openDatabase(mariadb, logger)));
    receiver = await startWebhookReceiver();
  });
  after(async () => {
    await Promise.all((databases ?? []).map((database) => database.close()));
    await mariadb?.dispose();
    await receiver?.close();
  });

  test('each message is delivered once, however many servers look for it', async () => {
    const [database] = databases;
    assert.ok(database);
    const { models } = database;
    const account = { email: 'ann@example.org', nickname: 'ann', passwordHash: 'none', disabledAt: null };
    const user = await models.User.create({ ...account, role: 'creator' });
    const endpoints = await Promise.all(
      Array.from({ length: 5 }, (_, index) =>
        models.WebhookEndpoint.create({
          userId: user.id,
          scope: 'own',
          url: `${receiver.url}/${index}`,
          description: '',
          events: ['video.online'],
          secret: newSecret(),
          previousSecret: null,
          previousSecretEndsAt: null,
          disabledAt: null,
          disabledReason: null,
          failingSince: null,
        }),
      ),
    );
    const messages = 60;
    await models.WebhookDelivery.bulkCreate(
      endpoints.flatMap((endpoint) =>
        Array.from({ length: messages }, () => newDelivery(endpoint, newMessage('video.online', null))),
      ),
    );
    const config = readServerConfig(LOCAL);
    const servers = databases.map((one) =>
      startDeliverer({ config, database: one, logger, metrics: createMetrics('test'), version: 'test' }),
    );
    try {
      await waitFor('every message to be delivered', async () => {
        const left = await models.WebhookDelivery.count({ where: { state: 'pending' } });
        return left === 0;
      });
    } finally {
      await Promise.all(servers.map((server) => server.stop()));
    }
    const ids = receiver.received.map(({ headers }) => headers['webhook-id']);
    assert.equal(ids.length, endpoints.length * messages);
    assert.equal(new Set(ids).size, ids.length);
    for (const [index, endpoint] of endpoints.entries()) {
      const request = receiver.received.find((one) => one.path === `/${index}`);
      assert.ok(request);
      verify(endpoint.secret, request);
    }
  });
});

describe('a server that ends in the middle of a delivery', { timeout: 120_000 }, () => {
  let folder: TemporaryFolder;
  let receiver: WebhookReceiver;
  before(async () => {
    folder = await makeTemporaryFolder('webhooks');
    receiver = await startWebhookReceiver();
  });
  after(async () => {
    await receiver?.close();
    await folder?.remove();
  });

  const start = () => startServerProcess({ REELMILL_DATA: folder.path, EMBEDDED_WORKER: 'false', ...LOCAL });
  /** Looks at what the stopped server has left, and lets the claim of a dead one run out now. */
  const look = async (change: Partial<{ nextAttemptAt: Date }> = {}): Promise<WebhookDeliveryRow[]> => {
    const database = await openDatabase({ sqliteFile: path.join(folder.path, 'reelmill.db') }, logger);
    try {
      const rows = await database.models.WebhookDelivery.findAll({ order: ['id'] });
      for (const row of rows.filter(({ state }) => state === 'pending')) await row.update(change);
      return rows;
    } finally {
      await database.close();
    }
  };

  test('killed or stopped, what it had begun is delivered by the next', async () => {
    const first = await start();
    const user = await (await DocumentedApi.of(first.url)).signUp('ann');
    const registered = await user.call('POST', '/webhooks', { body: { url: `${receiver.url}/kept` } });
    const { webhook, secret } = registered.as(webhookSecretResponseSchema);
    receiver.respondWith(() => undefined);
    assert.equal((await user.call('POST', `/webhooks/${webhook.id}/test`)).status, 202);
    await receiver.waitFor('/kept');
    await first.process.kill();
    const [killed] = await look({ nextAttemptAt: new Date() });
    assert.deepEqual([killed?.state, killed?.attempts], ['pending', 0]);
    assert.ok(killed?.claimToken);

    const second = await start();
    await receiver.waitFor('/kept', 2);
    await second.stop();
    const [stopped] = await look();
    assert.deepEqual([stopped?.state, stopped?.attempts, stopped?.claimToken], ['pending', 0, null]);
    assert.ok(
      stopped && stopped.nextAttemptAt <= new Date(),
      'nobody waits for the claim of a server that stopped',
    );

    receiver.respondWith((response) => response.writeHead(204).end());
    const third = await start();
    try {
      const last = await receiver.waitFor('/kept', 3);
      verify(secret, last);
      await waitFor('the outcome', async () => (await look())[0]?.state === 'delivered');
      const ids = receiver.received.map(({ headers }) => headers['webhook-id']);
      assert.equal(new Set(ids).size, 1);
    } finally {
      await third.stop();
    }
  });
});
