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
import { listDeliveries, redeliver, serializeDelivery } from './deliveries.ts';
import { assertUrlAllowed } from './endpointScheme.ts';
import {
  createEndpoint,
  findEndpoint,
  listEndpoints,
  lockEndpoint,
  removeEndpoint,
  rotateSecret,
  serializeEndpoint,
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
        'It receives a message when a video is online or has failed. Only this response contains the secret that signs them.',
      auth: 'user',
      body: webhookCreateSchema,
      response: { status: 201, description: 'The endpoint', schema: webhookSecretResponseSchema },
      errors: ['forbidden', 'state_conflict'],
      async handle({ body, identity, ...requestContext }) {
        assertUrlAllowed(body.url, config);
        const who = { identity, actor: actorOf({ identity, ...requestContext }) };
        return serializeWithSecret(await createEndpoint(database, who, body));
      },
    }),
    defineRoute({
      method: 'get',
      path: '/webhooks',
      tag,
      summary: 'Your endpoints; all endpoints for an administrator',
      auth: 'user',
      query: pageQuerySchema,
      response: { status: 200, description: 'One page', schema: webhookListSchema },
      async handle({ query, identity }) {
        const { rows, count } = await listEndpoints(models, identity, query);
        return { webhooks: rows.map(serializeEndpoint), total: count };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/webhooks/{id}',
      tag,
      summary: 'An endpoint',
      auth: 'user',
      params,
      response: { status: 200, description: 'The endpoint', schema: webhookResponseSchema },
      errors: ['not_found'],
      handle: async ({ params, identity }) => ({
        webhook: serializeEndpoint(await findEndpoint(models, params.id, identity)),
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
      response: { status: 200, description: 'The endpoint as it is now', schema: webhookResponseSchema },
      errors: ['not_found'],
      async handle({ params, body, identity, ...requestContext }) {
        const endpoint = await findEndpoint(models, params.id, identity);
        if (body.url !== undefined) assertUrlAllowed(body.url, config);
        await updateEndpoint(database, { endpoint, actor: actorOf({ identity, ...requestContext }) }, body);
        return { webhook: serializeEndpoint(endpoint) };
      },
    }),
    defineRoute({
      method: 'delete',
      path: '/webhooks/{id}',
      tag,
      summary: 'Remove an endpoint with its delivery log',
      auth: 'user',
      params,
      response: { status: 204, description: 'It was removed' },
      errors: ['not_found'],
      async handle({ params, identity, ...requestContext }) {
        const endpoint = await findEndpoint(models, params.id, identity);
        await removeEndpoint(database, { endpoint, actor: actorOf({ identity, ...requestContext }) });
      },
    }),
    defineRoute({
      method: 'post',
      path: '/webhooks/{id}/rotate-secret',
      tag,
      summary: 'Replace the secret',
      description: 'The old one also signs for 24 hours.',
      auth: 'user',
      params,
      response: { status: 200, description: 'The new secret', schema: webhookSecretResponseSchema },
      errors: ['not_found'],
      async handle({ params, identity, ...requestContext }) {
        const endpoint = await findEndpoint(models, params.id, identity);
        await rotateSecret(database, { endpoint, actor: actorOf({ identity, ...requestContext }) });
        return serializeWithSecret(endpoint);
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
      description: 'It is attempted once; the delivery log has its outcome.',
      auth: 'user',
      params,
      response: { status: 202, description: 'The delivery is due', schema: webhookDeliveryResponseSchema },
      errors: ['not_found', 'state_conflict'],
      async handle({ params, identity }) {
        const endpoint = await findEndpoint(models, params.id, identity);
        const message = newMessage('webhook.test', null);
        const delivery = await transaction(async (within) => {
          await lockEndpoint(endpoint, within);
          requireEnabled(endpoint);
          return models.WebhookDelivery.create(newDelivery(endpoint, message), { transaction: within });
        });
        return { delivery: serializeDelivery(delivery) };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/webhooks/{id}/deliveries',
      tag,
      summary: 'Delivery log',
      description: 'Newest first. Finished deliveries are kept for 30 days, at most 1,000.',
      auth: 'user',
      params,
      query: pageQuerySchema,
      response: { status: 200, description: 'One page', schema: webhookDeliveryListSchema },
      errors: ['not_found'],
      async handle({ params, query, identity }) {
        const endpoint = await findEndpoint(models, params.id, identity);
        const { rows, count } = await listDeliveries(models, endpoint.id, query);
        return { deliveries: rows.map(serializeDelivery), total: count };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/webhooks/{id}/deliveries/{delivery_id}/redeliver',
      tag,
      summary: 'Send a message again',
      description: 'With the same id, so that a receiver can detect a duplicate.',
      auth: 'user',
      params: z.object({ id, delivery_id: id }),
      response: { status: 202, description: 'The delivery is due', schema: webhookDeliveryResponseSchema },
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
        return { delivery: serializeDelivery(delivery) };
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
  throw new ReelmillError('state_conflict', 'This webhook is disabled. Enable it first.');
}

function serializeWithSecret(endpoint: WebhookEndpointRow) {
  return { webhook: serializeEndpoint(endpoint), secret: endpoint.secret };
}
