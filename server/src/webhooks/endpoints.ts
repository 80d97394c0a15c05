import { LIMITS } from '@reelmill/shared/contracts/limits.ts';
import type { Webhook, WebhookCreate, WebhookUpdate } from '@reelmill/shared/contracts/webhooks.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { Models } from '../db/models.ts';
import type { WebhookEndpointRow } from '../db/rows.ts';
import type { Identity } from '../http/route.ts';
import { newSecret } from './signature.ts';

/** How long the secret before the current one signs as well. */
const CHANGE_OVER_MS = 24 * 3_600_000;

/** Registers an endpoint. Throws `forbidden` for a scope that is not theirs, and `state_conflict` for one too many. */
export async function createEndpoint(
  models: Models,
  identity: Identity,
  wanted: WebhookCreate,
): Promise<WebhookEndpointRow> {
  if (wanted.scope === 'all' && identity.role !== 'admin') {
    throw new ReelmillError('forbidden', 'Only an administrator may be told of all videos.');
  }
  const { userId } = identity;
  if ((await models.WebhookEndpoint.count({ where: { userId } })) >= LIMITS.webhooksPerUser) {
    throw new ReelmillError('state_conflict', `An account has at most ${LIMITS.webhooksPerUser} webhooks.`);
  }
  return models.WebhookEndpoint.create({
    ...wanted,
    userId,
    secret: newSecret(),
    previousSecret: null,
    previousSecretEndsAt: null,
    disabledAt: null,
    disabledReason: null,
    failingSince: null,
  });
}

/** One's own endpoints, or everybody's for an admin; the oldest first. */
export async function listEndpoints(
  models: Models,
  identity: Identity,
  page: { limit: number; offset: number },
): Promise<{ rows: WebhookEndpointRow[]; count: number }> {
  const where = identity.role === 'admin' ? {} : { userId: identity.userId };
  return models.WebhookEndpoint.findAndCountAll({ ...page, where, order: [['id', 'ASC']] });
}

/** The endpoint, for its owner or an admin. Throws `not_found` for everybody else, as for one that is not there. */
export async function findEndpoint(
  models: Models,
  id: number,
  identity: Identity,
): Promise<WebhookEndpointRow> {
  const endpoint = await models.WebhookEndpoint.findByPk(id);
  if (endpoint !== null && (identity.role === 'admin' || identity.userId === endpoint.userId))
    return endpoint;
  throw new ReelmillError('not_found', 'There is no such webhook.');
}

/** Changes what is given. An endpoint that is enabled again begins anew, whatever it was disabled for. */
export async function updateEndpoint(endpoint: WebhookEndpointRow, change: WebhookUpdate): Promise<void> {
  const { url = endpoint.url, description = endpoint.description, events = endpoint.events } = change;
  const wasEnabled = endpoint.disabledAt === null;
  const enabled = change.enabled ?? wasEnabled;
  await endpoint.update({
    url,
    description,
    events,
    ...(enabled === wasEnabled ? {} : enabled ? ENABLED : { disabledAt: new Date(), disabledReason: null }),
  });
}

const ENABLED = { disabledAt: null, disabledReason: null, failingSince: null } as const;

/** Gives the endpoint a new secret; the old one signs as well for a day. */
export async function rotateSecret(endpoint: WebhookEndpointRow): Promise<void> {
  await endpoint.update({
    secret: newSecret(),
    previousSecret: endpoint.secret,
    previousSecretEndsAt: new Date(Date.now() + CHANGE_OVER_MS),
  });
}

/** The secrets that sign for an endpoint now. */
export function secretsOf(endpoint: WebhookEndpointRow, now: Date): string[] {
  const { secret, previousSecret, previousSecretEndsAt } = endpoint;
  const both = previousSecret !== null && previousSecretEndsAt !== null && previousSecretEndsAt > now;
  return both ? [secret, previousSecret] : [secret];
}

/** An endpoint as the API shows it: never with its secret. */
export function describeEndpoint(row: WebhookEndpointRow): Webhook {
  return {
    id: row.id,
    user_id: row.userId,
    url: row.url,
    description: row.description,
    events: row.events,
    scope: row.scope,
    enabled: row.disabledAt === null,
    disabled_reason: row.disabledReason,
    failing_since: row.failingSince === null ? null : row.failingSince.toISOString(),
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  };
}
