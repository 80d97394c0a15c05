import { pageQuerySchema } from '@reelmill/shared/contracts/admin.ts';
import {
  webhookCreateSchema,
  webhookDeliveryListSchema,
  webhookDeliveryResponseSchema,
  webhookListSchema,
  webhookResponseSchema,
  webhookSecretResponseSchema,
  webhookUpdateSchema,
} from '@reelmill/shared/contracts/webhooks.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { Transaction } from 'sequelize';
import { z } from 'zod';
import { actorOf } from '../audit/auditLog.ts';
import type { ServerContext } from '../context/serverContext.ts';
import type { WebhookDeliveryRow, WebhookEndpointRow } from '../db/rows.ts';
import { newDelivery, newMessage } from '../events/videoEvents.ts';
import { defineRoute, type Route } from '../http/route.ts';
import { describeDelivery, listDeliveries, redeliver } from './deliveries.ts';
import { refuseAddress } from './endpointAddress.ts';
import {
  createEndpoint,
  describeEndpoint,
  findEndpoint,
  listEndpoints,
  lockEndpoint,
  removeEndpoint,
  rotateSecret,
  updateEndpoint,
} from './endpoints.ts';

const tag = 'Webhooks';
const id = z.coerce.number().int().positive();
const params = z.object({ id });

export function createWebhookRoutes(context: ServerContext): Route[] {
  return [...createEndpointRoutes(context), ...createDeliveryRoutes(context)];
}

function createEndpointRoutes({ config, database }: ServerContext): Route[] {
  const { models } = database;
  return [
    defineRoute({
      method: 'post',
      path: '/webhooks',
      tag,
      summary: 'Register an endpoint',
      description:
        'It is told when a video is online or has failed. The secret, by which it knows our messages, is answered this once.',
      auth: 'user',
      body: webhookCreateSchema,
      answer: { status: 201, description: 'The endpoint', schema: webhookSecretResponseSchema },
      errors: ['forbidden', 'state_conflict'],
      async handle({ body, identity, ...exchange }) {
        refuseAddress(body.url, config);
        const who = { identity, actor: actorOf({ identity, ...exchange }) };
        return describeWithSecret(await createEndpoint(database, who, body));
      },
    }),
    defineRoute({
      method: 'get',
      path: '/webhooks',
      tag,
      summary: 'My endpoints; everybody’s for an administrator',
      auth: 'user',
      query: pageQuerySchema,
      answer: { status: 200, description: 'One page', schema: webhookListSchema },
      async handle({ query, identity }) {
        const { rows, count } = await listEndpoints(models, identity, query);
        return { webhooks: rows.map(describeEndpoint), total: count };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/webhooks/{id}',
      tag,
      summary: 'An endpoint',
      auth: 'user',
      params,
      answer: { status: 200, description: 'The endpoint', schema: webhookResponseSchema },
      errors: ['not_found'],
      handle: async ({ params, identity }) => ({
        webhook: describeEndpoint(await findEndpoint(models, params.id, identity)),
      }),
    }),
    defineRoute({
      method: 'patch',
      path: '/webhooks/{id}',
      tag,
      summary: 'Change an endpoint, disable or enable it',
      auth: 'user',
      params,
      body: webhookUpdateSchema,
      answer: { status: 200, description: 'The endpoint as it is now', schema: webhookResponseSchema },
      errors: ['not_found'],
      async handle({ params, body, identity, ...exchange }) {
        const endpoint = await findEndpoint(models, params.id, identity);
        if (body.url !== undefined) refuseAddress(body.url, config);
        await updateEndpoint(database, { endpoint, actor: actorOf({ identity, ...exchange }) }, body);
        return { webhook: describeEndpoint(endpoint) };
      },
    }),
    defineRoute({
      method: 'delete',
      path: '/webhooks/{id}',
      tag,
      summary: 'Remove an endpoint with its log',
      auth: 'user',
      params,
      answer: { status: 204, description: 'It is gone' },
      errors: ['not_found'],
      async handle({ params, identity, ...exchange }) {
        const endpoint = await findEndpoint(models, params.id, identity);
        await removeEndpoint(database, { endpoint, actor: actorOf({ identity, ...exchange }) });
      },
    }),
    defineRoute({
      method: 'post',
      path: '/webhooks/{id}/rotate-secret',
      tag,
      summary: 'Replace the secret',
      description: 'The old one signs as well for 24 hours.',
      auth: 'user',
      params,
      answer: { status: 200, description: 'The new secret', schema: webhookSecretResponseSchema },
      errors: ['not_found'],
      async handle({ params, identity, ...exchange }) {
        const endpoint = await findEndpoint(models, params.id, identity);
        await rotateSecret(database, { endpoint, actor: actorOf({ identity, ...exchange }) });
        return describeWithSecret(endpoint);
      },
    }),
  ];
}

function createDeliveryRoutes({ database }: ServerContext): Route[] {
  const { models, transaction } = database;
  return [
    defineRoute({
      method: 'post',
      path: '/webhooks/{id}/test',
      tag,
      summary: 'Send a test message',
      description: 'It is tried once; the log tells how that went.',
      auth: 'user',
      params,
      answer: { status: 202, description: 'It is on its way', schema: webhookDeliveryResponseSchema },
      errors: ['not_found', 'state_conflict'],
      async handle({ params, identity }) {
        const endpoint = await findEndpoint(models, params.id, identity);
        const message = newMessage('webhook.test', null);
        const delivery = await transaction(async (within) => {
          await lockEndpoint(endpoint, within);
          requireEnabled(endpoint);
          return models.WebhookDelivery.create(newDelivery(endpoint, message), { transaction: within });
        });
        return { delivery: describeDelivery(delivery) };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/webhooks/{id}/deliveries',
      tag,
      summary: 'What became of each message',
      description: 'The newest first. Kept for 30 days, and at most 1,000 finished ones.',
      auth: 'user',
      params,
      query: pageQuerySchema,
      answer: { status: 200, description: 'One page', schema: webhookDeliveryListSchema },
      errors: ['not_found'],
      async handle({ params, query, identity }) {
        const endpoint = await findEndpoint(models, params.id, identity);
        const { rows, count } = await listDeliveries(models, endpoint.id, query);
        return { deliveries: rows.map(describeDelivery), total: count };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/webhooks/{id}/deliveries/{delivery_id}/redeliver',
      tag,
      summary: 'Send a message once more',
      description: 'With the id that it had, so that a receiver that knows it already can tell.',
      auth: 'user',
      params: z.object({ id, delivery_id: id }),
      answer: { status: 202, description: 'It is on its way', schema: webhookDeliveryResponseSchema },
      errors: ['not_found', 'state_conflict'],
      async handle({ params, identity }) {
        const endpoint = await findEndpoint(models, params.id, identity);
        const delivery = await transaction(async (within) => {
          await lockEndpoint(endpoint, within);
          requireEnabled(endpoint);
          const row = await findDelivery(params.delivery_id, endpoint, within);
          await redeliver(row, within);
          return row;
        });
        return { delivery: describeDelivery(delivery) };
      },
    }),
  ];

  async function findDelivery(
    deliveryId: number,
    endpoint: WebhookEndpointRow,
    within: Transaction,
  ): Promise<WebhookDeliveryRow> {
    const where = { id: deliveryId, endpointId: endpoint.id };
    const lock = within.LOCK.UPDATE;
    const delivery = await models.WebhookDelivery.findOne({ where, transaction: within, lock });
    if (delivery === null) throw new ReelmillError('not_found', 'There is no such delivery.');
    return delivery;
  }
}

function requireEnabled({ disabledAt }: WebhookEndpointRow): void {
  if (disabledAt === null) return;
  throw new ReelmillError('state_conflict', 'This webhook is disabled; enable it first.');
}

function describeWithSecret(endpoint: WebhookEndpointRow) {
  return { webhook: describeEndpoint(endpoint), secret: endpoint.secret };
}
