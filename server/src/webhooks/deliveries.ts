import { randomUUID } from 'node:crypto';
import type { WebhookDelivery } from '@reelmill/shared/contracts/webhooks.ts';
import { literal, Op, type Transaction } from 'sequelize';
import { z } from 'zod';
import type { Models } from '../db/models.ts';
import type { WebhookDeliveryRow } from '../db/rows.ts';

/** Longer than an attempt may take: after this another server takes over the deliveries of a dead one. */
export const CLAIM_MS = 60_000;
const CANDIDATES = 200;

const dueSchema = z.object({ id: z.number(), endpointId: z.number() });

/**
 * Claims due deliveries that no other server has claimed: at most `free`, and of each endpoint at most `perEndpoint`
 * including the `busy` ones, so that a slow endpoint does not delay others.
 */
export async function claimDeliveries(
  models: Models,
  room: { free: number; perEndpoint: number; busy: ReadonlyMap<number, number> },
): Promise<WebhookDeliveryRow[]> {
  const now = new Date();
  const ids = selectWithin(await findDue(models, now), room);
  if (ids.length === 0) return [];
  const claimToken = randomUUID();
  const [claimed] = await models.WebhookDelivery.update(
    { claimToken, nextAttemptAt: new Date(now.getTime() + CLAIM_MS) },
    { where: { id: ids, state: 'pending', nextAttemptAt: { [Op.lte]: now } } },
  );
  return claimed === 0 ? [] : models.WebhookDelivery.findAll({ where: { id: ids, claimToken } });
}

/** Returns due deliveries, in turn for each endpoint. */
async function findDue(models: Models, now: Date): Promise<z.infer<typeof dueSchema>[]> {
  const rows = await models.WebhookDelivery.findAll({
    attributes: [
      'id',
      'endpointId',
      [literal('ROW_NUMBER() OVER (PARTITION BY endpoint_id ORDER BY next_attempt_at, id)'), 'turn'],
    ],
    where: {
      state: 'pending',
      nextAttemptAt: { [Op.lte]: now },
      endpointId: { [Op.in]: literal('(SELECT id FROM webhook_endpoints WHERE disabled_at IS NULL)') },
    },
    order: [literal('turn'), 'nextAttemptAt', 'id'],
    limit: CANDIDATES,
    raw: true,
  });
  return rows.map((row) => dueSchema.parse(row));
}

function selectWithin(
  due: readonly { id: number; endpointId: number }[],
  { free, perEndpoint, busy }: { free: number; perEndpoint: number; busy: ReadonlyMap<number, number> },
): number[] {
  const counts = new Map(busy);
  const selected: number[] = [];
  for (const { id, endpointId } of due) {
    const count = counts.get(endpointId) ?? 0;
    if (selected.length >= free) break;
    if (count >= perEndpoint) continue;
    counts.set(endpointId, count + 1);
    selected.push(id);
  }
  return selected;
}

/** Releases a claim: the attempt was not made, or its outcome is unknown. */
export async function releaseDelivery(models: Models, delivery: WebhookDeliveryRow): Promise<void> {
  await models.WebhookDelivery.update(
    { claimToken: null, nextAttemptAt: new Date() },
    { where: { id: delivery.id, claimToken: delivery.claimToken } },
  );
}

/** Sends a message again with new attempts and the same message id, so that a receiver can detect a duplicate. */
export async function redeliver(delivery: WebhookDeliveryRow, transaction: Transaction): Promise<void> {
  const due = { attempts: 0, nextAttemptAt: new Date(), claimToken: null, deliveredAt: null };
  await delivery.update({ state: 'pending', ...due }, { transaction });
}

/** Returns one page of the delivery log of an endpoint, newest first. */
export async function listDeliveries(
  models: Models,
  endpointId: number,
  page: { limit: number; offset: number },
): Promise<{ rows: WebhookDeliveryRow[]; count: number }> {
  return models.WebhookDelivery.findAndCountAll({
    ...page,
    where: { endpointId },
    attributes: { exclude: ['payload'] },
    order: [['id', 'DESC']],
  });
}

/** Returns a delivery as the API shows it. */
export function serializeDelivery(row: WebhookDeliveryRow): WebhookDelivery {
  const { responseStatus } = row;
  return {
    id: row.id,
    webhook_id: row.endpointId,
    message_id: row.messageId,
    type: row.type,
    video_id: row.videoId,
    state: row.state,
    attempts: row.attempts,
    next_attempt_at: row.state === 'pending' ? row.nextAttemptAt.toISOString() : null,
    response: responseStatus === null ? null : { status: responseStatus, excerpt: row.responseExcerpt ?? '' },
    duration_ms: row.durationMs,
    error: row.error,
    created_at: row.createdAt.toISOString(),
    delivered_at: row.deliveredAt === null ? null : row.deliveredAt.toISOString(),
  };
}
