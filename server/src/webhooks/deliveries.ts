import { randomUUID } from 'node:crypto';
import type { WebhookDelivery } from '@reelmill/shared/contracts/webhooks.ts';
import { literal, Op, type Transaction } from 'sequelize';
import { z } from 'zod';
import type { Models } from '../db/models.ts';
import type { WebhookDeliveryRow } from '../db/rows.ts';

/** Longer than a try may take: after this another server takes over what a dead one had begun. */
export const CLAIM_MS = 60_000;
const CANDIDATES = 200;

const dueSchema = z.object({ id: z.number(), endpointId: z.number() });

/**
 * Takes deliveries that are due, each only where no other server was faster: at most `free`, and of every endpoint at
 * most `perEndpoint` together with the `busy` ones, so that a slow endpoint holds up nobody else.
 */
export async function claimDeliveries(
  models: Models,
  room: { free: number; perEndpoint: number; busy: ReadonlyMap<number, number> },
): Promise<WebhookDeliveryRow[]> {
  const now = new Date();
  const ids = chooseWithin(await findDue(models, now), room);
  if (ids.length === 0) return [];
  const claimToken = randomUUID();
  const [claimed] = await models.WebhookDelivery.update(
    { claimToken, nextAttemptAt: new Date(now.getTime() + CLAIM_MS) },
    { where: { id: ids, state: 'pending', nextAttemptAt: { [Op.lte]: now } } },
  );
  return claimed === 0 ? [] : models.WebhookDelivery.findAll({ where: { id: ids, claimToken } });
}

/** The endpoints take turns. */
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

function chooseWithin(
  due: readonly { id: number; endpointId: number }[],
  { free, perEndpoint, busy }: { free: number; perEndpoint: number; busy: ReadonlyMap<number, number> },
): number[] {
  const taken = new Map(busy);
  const chosen: number[] = [];
  for (const { id, endpointId } of due) {
    const count = taken.get(endpointId) ?? 0;
    if (chosen.length >= free) break;
    if (count >= perEndpoint) continue;
    taken.set(endpointId, count + 1);
    chosen.push(id);
  }
  return chosen;
}

/** Gives a claim back: the try was not made, or nobody knows how it ended. */
export async function releaseDelivery(models: Models, delivery: WebhookDeliveryRow): Promise<void> {
  await models.WebhookDelivery.update(
    { claimToken: null, nextAttemptAt: new Date() },
    { where: { id: delivery.id, claimToken: delivery.claimToken } },
  );
}

/** A message goes once more, from its first try on, as the same message: a receiver that has it already can tell. */
export async function redeliver(delivery: WebhookDeliveryRow, transaction: Transaction): Promise<void> {
  const due = { attempts: 0, nextAttemptAt: new Date(), claimToken: null, deliveredAt: null };
  await delivery.update({ state: 'pending', ...due }, { transaction });
}

/** What became of each message of an endpoint, the newest first. */
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

/** A delivery as the API shows it. */
export function describeDelivery(row: WebhookDeliveryRow): WebhookDelivery {
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
