import { randomBytes } from 'node:crypto';
import type {
  WebhookEvent,
  WebhookMessage,
  WebhookMessageType,
  WebhookVideo,
} from '@reelmill/shared/contracts/webhooks.ts';
import { literal, Op, type Transaction } from 'sequelize';
import { videoFacts } from '../catalog/videoFacts.ts';
import type { Models } from '../db/models.ts';
import type { VideoRow, WebhookEndpointRow } from '../db/rows.ts';

// a disabled user, or one who is no longer an admin, receives no events
const ENABLED_USERS = literal('(SELECT id FROM users WHERE disabled_at IS NULL)');
const ENABLED_ADMINS = literal("(SELECT id FROM users WHERE disabled_at IS NULL AND role = 'admin')");

/**
 * Writes the deliveries of an event of a video to the outbox, in the transaction of the change itself: a committed event is
 * delivered, one that is rolled back is not.
 */
export async function recordVideoEvent(
  change: { models: Models; transaction: Transaction; video: VideoRow },
  type: WebhookEvent,
): Promise<void> {
  const { models, transaction, video } = change;
  const endpoints = await models.WebhookEndpoint.findAll({
    where: {
      disabledAt: null,
      [Op.or]: [
        { userId: { [Op.and]: [video.userId, { [Op.in]: ENABLED_USERS }] } },
        { scope: 'all', userId: { [Op.in]: ENABLED_ADMINS } },
      ],
    },
    transaction,
  });
  const candidates = endpoints.filter(({ events }) => events.includes(type)).map(({ id }) => id);
  if (candidates.length === 0) return;
  // locks them: an endpoint that is removed now would violate the foreign key of its deliveries
  const lock = transaction.LOCK.SHARE;
  const interested = await models.WebhookEndpoint.findAll({ where: { id: candidates }, transaction, lock });
  const message = newMessage(type, videoFacts(video));
  await models.WebhookDelivery.bulkCreate(
    interested.map((endpoint) => newDelivery(endpoint, message)),
    { transaction },
  );
}

export function newMessageId(): string {
  return `msg_${randomBytes(18).toString('base64url')}`;
}

export function newMessage(type: WebhookMessageType, video: WebhookVideo | null): WebhookMessage {
  return { id: newMessageId(), type, created_at: new Date().toISOString(), data: { video } };
}

/** Returns the columns of a delivery that is due at once. */
export function newDelivery(endpoint: Pick<WebhookEndpointRow, 'id'>, message: WebhookMessage) {
  return {
    endpointId: endpoint.id,
    messageId: message.id,
    type: message.type,
    videoId: message.data.video?.id ?? null,
    payload: JSON.stringify(message),
    state: 'pending',
    attempts: 0,
    nextAttemptAt: new Date(),
    claimToken: null,
    responseStatus: null,
    responseExcerpt: null,
    error: null,
    durationMs: null,
    deliveredAt: null,
  } as const;
}
