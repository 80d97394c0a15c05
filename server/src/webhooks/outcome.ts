import { Op, type Transaction } from 'sequelize';
import { readTime } from '../clock/heartbeat.ts';
import type { Database } from '../db/database.ts';
import type { Models } from '../db/models.ts';
import type { WebhookDeliveryRow, WebhookEndpointRow } from '../db/rows.ts';
import type { PostOutcome } from './postMessage.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
/** The pause after each failed try, in seconds: about a day in all. */
const PAUSES_SECONDS = [
  5,
  30,
  2 * MINUTE,
  10 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  4 * HOUR,
  4 * HOUR,
  6 * HOUR,
  6 * HOUR,
];
const JITTER = 0.2;
/** An endpoint for which nothing has gone well for so long is disabled. */
const DISABLE_AFTER_MS = 3 * 24 * HOUR * 1000;
const GONE = 410;

/** When the try after the `attempts`-th is due; null where there is none. */
export function nextAttemptAfter(attempts: number, now: Date, random = Math.random): Date | null {
  const pauseSeconds = PAUSES_SECONDS[attempts - 1];
  if (pauseSeconds === undefined) return null;
  const factor = 1 - JITTER / 2 + random() * JITTER;
  return new Date(now.getTime() + Math.round(pauseSeconds * 1000 * factor));
}

/**
 * Writes down how a try ended, what follows from it for the message and for its endpoint. Changes nothing where another
 * server has taken the delivery over.
 */
export async function saveOutcome(
  database: Database,
  delivery: WebhookDeliveryRow,
  endpoint: WebhookEndpointRow,
  outcome: PostOutcome,
): Promise<void> {
  const { models, transaction } = database;
  const now = new Date();
  // an endpoint is disabled by the days since then
  const failedAt = await readTime(database);
  const { status } = outcome;
  const delivered = status !== null && status >= 200 && status < 300;
  const attempts = delivery.attempts + 1;
  // whoever asked for a test is waiting for its outcome, not for tomorrow's
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
        error: delivered ? null : (outcome.error ?? `It answered ${status}.`),
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
  if (gone) await disable('It answered 410 Gone.', {});
  const since = new Date(now.getTime() - DISABLE_AFTER_MS);
  await disable('No delivery has succeeded for three days.', { failingSince: { [Op.lt]: since } });
}
