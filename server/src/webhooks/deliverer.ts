import { setTimeout as pause } from 'node:timers/promises';
import { startRecurring } from '../background/recurring.ts';
import type { ServerContext } from '../context/serverContext.ts';
import type { WebhookDeliveryRow } from '../db/rows.ts';
import { claimDeliveries, releaseDelivery } from './deliveries.ts';
import { secretsOf } from './endpoints.ts';
import { postMessage } from './postMessage.ts';
import { saveOutcome } from './saveOutcome.ts';
import { signatureHeaders } from './signature.ts';

type Context = Pick<ServerContext, 'config' | 'database' | 'logger' | 'metrics' | 'version'>;

const POLL_MS = 1_000;
const MAX_CONCURRENT = 32;
const MAX_CONCURRENT_PER_ENDPOINT = 2;
/** How long attempts in progress may continue when the server stops. */
const STOP_GRACE_MS = 3_000;

/**
 * Sends the messages of the outbox, each at least once. Every server does; a claim in the database prevents two servers
 * from making the same attempt, and expires where its server dies.
 */
export function startDeliverer(context: Context): { stop(): Promise<void> } {
  const { database, logger, metrics } = context;
  const stopping = new AbortController();
  const inProgress = new Map<WebhookDeliveryRow, Promise<void>>();
  const recurring = startRecurring({
    name: 'webhooks',
    intervalMs: POLL_MS,
    logger,
    metrics,
    work: async () => {
      const busy = countByEndpoint(inProgress.keys());
      const room = { free: MAX_CONCURRENT - inProgress.size, perEndpoint: MAX_CONCURRENT_PER_ENDPOINT, busy };
      for (const delivery of await claimDeliveries(database.models, room)) start(delivery);
      return false;
    },
  });

  function start(delivery: WebhookDeliveryRow): void {
    const ended = deliver(context, delivery, stopping.signal)
      .catch((err: unknown) => release(delivery, err))
      .finally(() => {
        inProgress.delete(delivery);
        recurring.wake();
      });
    inProgress.set(delivery, ended);
  }

  /** Another server continues at once; or, if the release fails, when the claim has expired. */
  async function release(delivery: WebhookDeliveryRow, cause: unknown): Promise<void> {
    if (!stopping.signal.aborted)
      logger.warn({ err: cause, delivery_id: delivery.id }, 'webhook delivery released');
    await releaseDelivery(database.models, delivery).catch(() => undefined);
  }

  return {
    async stop() {
      await recurring.stop();
      const ended = Promise.all(inProgress.values());
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

/** Makes one attempt. */
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
    'webhook attempted',
  );
}

function countByEndpoint(deliveries: Iterable<WebhookDeliveryRow>): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { endpointId } of deliveries) counts.set(endpointId, (counts.get(endpointId) ?? 0) + 1);
  return counts;
}
