import { Op, type Transaction } from 'sequelize';
import { readTime } from '../clock/heartbeat.ts';
import type { Database } from '../db/database.ts';
import type { Models } from '../db/models.ts';
import type { WebhookDeliveryRow, WebhookEndpointRow } from '../db/rows.ts';
import type { PostOutcome } from './postMessage.ts';
import { nextAttemptAfter } from './retrySchedule.ts';

/** An endpoint is disabled after so long without a success. */
const DISABLE_AFTER_MS = 3 * 24 * 3_600_000;
const GONE = 410;

/**
 * Saves the outcome of an attempt and its effects on the delivery and its endpoint. Changes nothing where another server
 * has taken the delivery over.
 */
export async function saveOutcome(
  database: Database,
  delivery: WebhookDeliveryRow,
  endpoint: WebhookEndpointRow,
  outcome: PostOutcome,
): Promise<void> {
  const { models, transaction } = database;
  const now = new Date();
  // the days since then decide whether the endpoint is disabled
  const failedAt = await readTime(database);
  const { status } = outcome;
  const delivered = status !== null && status >= 200 && status < 300;
  const attempts = delivery.attempts + 1;
  // a test is attempted only once: its user waits for the outcome
  const isTest = delivery.type === 'webhook.test';
  const next = delivered || isTest || status === GONE ? null : nextAttemptAfter(attempts, now);
  await transaction(async (within) => {
    const [changed] = await models.WebhookDelivery.update(
      {
        state: delivered ? 'delivered' : next === null ? 'given_up' : 'pending',
        attempts,
        nextAttemptAt: next ?? now,
        claimToken: null,
        responseStatus: status,
        responseExcerpt: outcome.excerpt,
        error: delivered ? null : (outcome.error ?? `The response was ${status}.`),
        durationMs: outcome.durationMs,
        deliveredAt: delivered ? now : null,
      },
      { where: { id: delivery.id, claimToken: delivery.claimToken }, transaction: within },
    );
    if (changed === 0) return;
    if (delivered) await markWorking(models, endpoint, within);
    else if (!isTest) await markFailing(models, endpoint, { now: failedAt, gone: status === GONE, within });
  });
}

async function markWorking(
  models: Models,
  { id, failingSince }: WebhookEndpointRow,
  transaction: Transaction,
): Promise<void> {
  if (failingSince === null) return;
  await models.WebhookEndpoint.update({ failingSince: null }, { where: { id }, silent: true, transaction });
}

async function markFailing(
  models: Models,
  { id }: WebhookEndpointRow,
  { now, gone, within }: { now: Date; gone: boolean; within: Transaction },
): Promise<void> {
  await models.WebhookEndpoint.update(
    { failingSince: now },
    { where: { id, failingSince: null }, silent: true, transaction: within },
  );
  const disable = (disabledReason: string, where: object): Promise<unknown> =>
    models.WebhookEndpoint.update(
      { disabledAt: now, disabledReason },
      { where: { id, disabledAt: null, ...where }, transaction: within },
    );
  if (gone) await disable('The response was 410 Gone.', {});
  const since = new Date(now.getTime() - DISABLE_AFTER_MS);
  await disable('No delivery has succeeded for three days.', { failingSince: { [Op.lt]: since } });
}
