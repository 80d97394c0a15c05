import { setTimeout as pause } from 'node:timers/promises';
import { startRecurring } from '../background/recurring.ts';
import type { ServerContext } from '../context/serverContext.ts';
import type { WebhookDeliveryRow } from '../db/rows.ts';
import { claimDeliveries, releaseDelivery } from './deliveries.ts';
import { secretsOf } from './endpoints.ts';
import { saveOutcome } from './outcome.ts';
import { postMessage } from './postMessage.ts';
import { signatureHeaders } from './signature.ts';

type Context = Pick<ServerContext, 'config' | 'database' | 'logger' | 'metrics' | 'version'>;

const POLL_MS = 1_000;
const AT_ONCE = 32;
const AT_ONCE_PER_ENDPOINT = 2;
/** Tries under way when the server stops may end by themselves within this time. */
const STOP_GRACE_MS = 3_000;

/**
 * Delivers what the outbox holds, at least once each. Every server does so; a claim in the database keeps two from
 * making the same try, and runs out where its server dies.
 */
export function startDeliverer(context: Context): { stop(): Promise<void> } {
  const { database, logger, metrics } = context;
  const stopping = new AbortController();
  const underWay = new Map<WebhookDeliveryRow, Promise<void>>();
  const recurring = startRecurring({
    name: 'webhooks',
    intervalMs: POLL_MS,
    logger,
    metrics,
    work: async () => {
      const busy = countByEndpoint(underWay.keys());
      const room = { free: AT_ONCE - underWay.size, perEndpoint: AT_ONCE_PER_ENDPOINT, busy };
      for (const delivery of await claimDeliveries(database.models, room)) begin(delivery);
      return false;
    },
  });

  function begin(delivery: WebhookDeliveryRow): void {
    const ended = deliver(context, delivery, stopping.signal)
      .catch((err: unknown) => giveBack(delivery, err))
      .finally(() => {
        underWay.delete(delivery);
        recurring.wake();
      });
    underWay.set(delivery, ended);
  }

  /** Another server goes on with it at once; where even that cannot be said, when the claim has run out. */
  async function giveBack(delivery: WebhookDeliveryRow, cause: unknown): Promise<void> {
    if (!stopping.signal.aborted) logger.warn({ err: cause, delivery_id: delivery.id }, 'a webhook waits');
    await releaseDelivery(database.models, delivery).catch(() => undefined);
  }

  return {
    async stop() {
      await recurring.stop();
      const ended = Promise.all(underWay.values());
      const graceEnds = new AbortController();
      await Promise.race([
        ended,
        pause(STOP_GRACE_MS, undefined, { signal: graceEnds.signal }).catch(() => undefined),
      ]);
      graceEnds.abort();
      stopping.abort();
      await ended;
    },
  };
}

/** One try. */
async function deliver(context: Context, delivery: WebhookDeliveryRow, signal: AbortSignal): Promise<void> {
  const { config, database, logger, version } = context;
  const endpoint = await database.models.WebhookEndpoint.findByPk(delivery.endpointId);
  if (endpoint === null) return;
  const sentAt = new Date();
  const message = { id: delivery.messageId, body: delivery.payload, sentAt };
  const outcome = await postMessage({
    url: endpoint.url,
    body: delivery.payload,
    headers: {
      'Content-Type': 'application/json',
      'User-Agent': `Reelmill/${version} (webhooks)`,
      ...signatureHeaders(message, secretsOf(endpoint, sentAt)),
    },
    allowPrivate: config.WEBHOOK_ALLOW_PRIVATE,
    timeoutSeconds: config.WEBHOOK_TIMEOUT_SECONDS,
    signal,
  });
  await saveOutcome(database, delivery, endpoint, outcome);
  const { status, error, durationMs } = outcome;
  logger.info(
    {
      webhook_id: endpoint.id,
      delivery_id: delivery.id,
      video_id: delivery.videoId,
      attempt: delivery.attempts + 1,
      status,
      error,
      duration_ms: durationMs,
    },
    'webhook tried',
  );
}

function countByEndpoint(deliveries: Iterable<WebhookDeliveryRow>): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { endpointId } of deliveries) counts.set(endpointId, (counts.get(endpointId) ?? 0) + 1);
  return counts;
}
