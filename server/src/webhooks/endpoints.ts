import type { AuditAction } from '@reelmill/shared/contracts/audit.ts';
import { LIMITS } from '@reelmill/shared/contracts/limits.ts';
import type { Webhook, WebhookCreate, WebhookUpdate } from '@reelmill/shared/contracts/webhooks.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { InstanceError, type Transaction } from 'sequelize';
import { type Actor, recordAuditEvent } from '../audit/auditLog.ts';
import type { Database } from '../db/database.ts';
import type { Models } from '../db/models.ts';
import type { WebhookEndpointRow } from '../db/rows.ts';
import type { Identity } from '../http/route.ts';
import { newSecret } from './signature.ts';

/** How long the previous secret also signs. */
export const SECRET_OVERLAP_MS = 24 * 3_600_000;

/** Registers an endpoint. Throws `forbidden` for a scope that the user may not have, `state_conflict` beyond the limit. */
export async function createEndpoint(
  { models, transaction }: Database,
  { identity, actor }: { identity: Identity; actor: Actor },
  request: WebhookCreate,
): Promise<WebhookEndpointRow> {
  if (request.scope === 'all' && identity.role !== 'admin') {
    throw new ReelmillError('forbidden', 'Only an administrator may receive events of all videos.');
  }
  const { userId } = identity;
  const unused = { previousSecret: null, previousSecretEndsAt: null, disabledReason: null };
  return transaction(async (within) => {
    // of several concurrent requests each one counts those before it
    await models.User.findByPk(userId, { attributes: ['id'], transaction: within, lock: within.LOCK.UPDATE });
    const count = await models.WebhookEndpoint.count({ where: { userId }, transaction: within });
    if (count >= LIMITS.webhooksPerUser) {
      throw new ReelmillError(
        'state_conflict',
        `An account can have at most ${LIMITS.webhooksPerUser} webhooks.`,
      );
    }
    const endpoint = await models.WebhookEndpoint.create(
      { ...request, ...unused, userId, secret: newSecret(), disabledAt: null, failingSince: null },
      { transaction: within },
    );
    await record(models, { actor, endpoint, action: 'webhook.create' }, within);
    return endpoint;
  });
}

/** Returns one page of the user's endpoints, or of all endpoints for an admin, oldest first. */
export async function listEndpoints(
  models: Models,
  identity: Identity,
  page: { limit: number; offset: number },
): Promise<{ rows: WebhookEndpointRow[]; count: number }> {
  const where = identity.role === 'admin' ? {} : { userId: identity.userId };
  return models.WebhookEndpoint.findAndCountAll({ ...page, where, order: [['id', 'ASC']] });
}

/** Returns the endpoint for its owner or an admin. Throws `not_found` for everybody else, as for a missing one. */
export async function findEndpoint(
  models: Models,
  id: number,
  identity: Identity,
): Promise<WebhookEndpointRow> {
  const endpoint = await models.WebhookEndpoint.findByPk(id);
  if (endpoint !== null && (identity.role === 'admin' || identity.userId === endpoint.userId))
    return endpoint;
  throw notFound();
}

/**
 * Reloads the row and locks it until the end of the transaction. Throws `not_found` where it has been removed. Call it first
 * in a change: the row may have changed between the first read and the lock.
 */
export async function lockEndpoint(endpoint: WebhookEndpointRow, transaction: Transaction): Promise<void> {
  try {
    await endpoint.reload({ transaction, lock: transaction.LOCK.UPDATE });
  } catch (error) {
    if (error instanceof InstanceError) throw notFound();
    throw error;
  }
}

function notFound(): ReelmillError {
  return new ReelmillError('not_found', 'There is no such webhook.');
}

/** Changes the fields of `change`. Enabling an endpoint again resets the reason and the time since when it fails. */
export async function updateEndpoint(
  { models, transaction }: Database,
  { endpoint, actor }: EndpointChange,
  change: WebhookUpdate,
): Promise<void> {
  await transaction(async (within) => {
    await lockEndpoint(endpoint, within);
    const { url = endpoint.url, description = endpoint.description, events = endpoint.events } = change;
    const wasEnabled = endpoint.disabledAt === null;
    const enabled = change.enabled ?? wasEnabled;
    const state = enabled ? ENABLED : { disabledAt: new Date(), disabledReason: null };
    const values = { url, description, events, ...(enabled === wasEnabled ? {} : state) };
    await endpoint.update(values, { transaction: within });
    await record(models, { actor, endpoint, action: 'webhook.update' }, within);
  });
}

/** An endpoint and the actor who changes it. */
export interface EndpointChange {
  endpoint: WebhookEndpointRow;
  actor: Actor;
}

const ENABLED = { disabledAt: null, disabledReason: null, failingSince: null } as const;

/** Sets a new secret; the old one also signs for a day. */
export async function rotateSecret(
  { models, transaction }: Database,
  { endpoint, actor }: EndpointChange,
): Promise<void> {
  await transaction(async (within) => {
    await lockEndpoint(endpoint, within);
    const previousSecretEndsAt = new Date(Date.now() + SECRET_OVERLAP_MS);
    const secrets = { secret: newSecret(), previousSecret: endpoint.secret, previousSecretEndsAt };
    await endpoint.update(secrets, { transaction: within });
    await record(models, { actor, endpoint, action: 'webhook.rotate_secret' }, within);
  });
}

/** Removes the endpoint with its delivery log. */
export async function removeEndpoint(
  { models, transaction }: Database,
  { endpoint, actor }: EndpointChange,
): Promise<void> {
  await transaction(async (within) => {
    await lockEndpoint(endpoint, within);
    await endpoint.destroy({ transaction: within });
    await record(models, { actor, endpoint, action: 'webhook.delete' }, within);
  });
}

/** Records changes by admins: to endpoints of others, and to their own with the scope `all`. */
async function record(
  models: Models,
  { actor, endpoint, action }: EndpointChange & { action: AuditAction },
  transaction: Transaction,
): Promise<void> {
  const { id, scope, userId, disabledAt } = endpoint;
  if (actor.userId === userId && scope === 'own') return;
  // only the origin: the rest of such a URL is often a secret
  const details = {
    owner: userId,
    scope,
    origin: new URL(endpoint.url).origin,
    enabled: disabledAt === null,
  };
  await recordAuditEvent(models, actor, { action, target: { kind: 'webhook', id }, details }, transaction);
}

/** Returns the secrets that sign messages to an endpoint now. */
export function secretsOf(endpoint: WebhookEndpointRow, now: Date): string[] {
  const { secret, previousSecret, previousSecretEndsAt } = endpoint;
  const both = previousSecret !== null && previousSecretEndsAt !== null && previousSecretEndsAt > now;
  return both ? [secret, previousSecret] : [secret];
}

/** Returns an endpoint as the API shows it, without its secret. */
export function serializeEndpoint(row: WebhookEndpointRow): Webhook {
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
