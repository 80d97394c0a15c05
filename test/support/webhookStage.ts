import assert from 'node:assert/strict';
import {
  type Webhook,
  type WebhookCreate,
  type WebhookDelivery,
  webhookDeliveryListSchema,
  webhookResponseSchema,
  webhookSecretResponseSchema,
} from '@reelmill/shared/contracts/webhooks.ts';
import { failTranscode } from '../../server/src/transcode/lifecycle.ts';
import { type ApiUser, DocumentedApi } from './apiClient.ts';
import { PretendTranscode } from './pretendTranscode.ts';
import { waitFor } from './processes.ts';
import { startTestServer, type TestServer } from './server.ts';
import { uploadSomething } from './uploads.ts';
import { startWebhookReceiver, type WebhookReceiver } from './webhookReceiver.ts';

const ADMIN = { email: 'boss@example.org', password: 'the password of the boss' };
const LOCAL = { WEBHOOK_ALLOW_HTTP: 'true', WEBHOOK_ALLOW_PRIVATE: 'true', WEBHOOK_TIMEOUT_SECONDS: '1' };

/** A server that may call this machine, a receiver, and three accounts. */
export class WebhookStage {
  readonly server: TestServer;
  readonly api: DocumentedApi;
  readonly receiver: WebhookReceiver;
  readonly ann: ApiUser;
  readonly bob: ApiUser;
  readonly admin: ApiUser;

  constructor(parts: Pick<WebhookStage, 'server' | 'api' | 'receiver' | 'ann' | 'bob' | 'admin'>) {
    this.server = parts.server;
    this.api = parts.api;
    this.receiver = parts.receiver;
    this.ann = parts.ann;
    this.bob = parts.bob;
    this.admin = parts.admin;
  }

  /** An endpoint at this path of the receiver. */
  async register(
    user: ApiUser,
    path: string,
    body: Partial<WebhookCreate> = {},
  ): Promise<Webhook & { secret: string }> {
    const url = `${this.receiver.url}${path}`;
    const response = await user.call('POST', '/webhooks', { body: { url, ...body } });
    assert.equal(response.status, 201, response.text);
    const { webhook, secret } = response.as(webhookSecretResponseSchema);
    return { ...webhook, secret };
  }

  /** Returns the id of a video that has just gone online. */
  async goOnline(user: ApiUser): Promise<number> {
    const videoId = await uploadSomething(user, { title: 'Tower & bridge' });
    await (await PretendTranscode.plan(this.server.context, videoId)).publish();
    return videoId;
  }

  /** Returns the id of a video that has just failed. */
  async fail(user: ApiUser): Promise<number> {
    const videoId = await uploadSomething(user);
    const { database, metrics } = this.server.context;
    await database.transaction(async (transaction) => {
      const video = await database.models.Video.findByPk(videoId, { transaction, rejectOnEmpty: true });
      const failure = { code: 'not_a_video', message: 'This is no video.', diagnostics: '/srv/x' } as const;
      await failTranscode({ models: database.models, transaction, video, failure, metrics });
    });
    return videoId;
  }

  async deliveriesOf(user: ApiUser, webhookId: number): Promise<WebhookDelivery[]> {
    const response = await user.call('GET', `/webhooks/${webhookId}/deliveries`);
    return response.as(webhookDeliveryListSchema).deliveries;
  }

  /** Returns the only delivery of an endpoint, once it is as the test wants it. */
  waitForDelivery(
    webhookId: number,
    state: (delivery: WebhookDelivery) => boolean,
  ): Promise<WebhookDelivery> {
    return waitFor('the delivery', async () => {
      const [delivery] = await this.deliveriesOf(this.admin, webhookId);
      return delivery !== undefined && state(delivery) ? delivery : null;
    });
  }

  /** Makes what waits for its next try due now. */
  async makeDue(webhookId: number): Promise<void> {
    await this.server.context.database.models.WebhookDelivery.update(
      { nextAttemptAt: new Date() },
      { where: { endpointId: webhookId, state: 'pending' } },
    );
  }

  async readWebhook(id: number): Promise<Webhook> {
    return (await this.admin.call('GET', `/webhooks/${id}`)).as(webhookResponseSchema).webhook;
  }

  /** No endpoint is left, and the receiver takes everything. */
  async reset(): Promise<void> {
    this.receiver.respondWith((response) => response.writeHead(204).end());
    await this.server.context.database.models.WebhookEndpoint.destroy({ where: {} });
  }

  async close(): Promise<void> {
    await this.server.stop();
    await this.receiver.close();
  }
}

export async function openWebhookStage(): Promise<WebhookStage> {
  const receiver = await startWebhookReceiver();
  try {
    const env = { ...LOCAL, ADMIN_EMAIL: ADMIN.email, ADMIN_PASSWORD: ADMIN.password };
    const server = await startTestServer({ env });
    const api = await DocumentedApi.of(server.url);
    const [ann, bob] = [await api.signUp('ann'), await api.signUp('bob')];
    return new WebhookStage({ server, api, receiver, ann, bob, admin: await api.logIn(ADMIN) });
  } catch (error) {
    await receiver.close();
    throw error;
  }
}
