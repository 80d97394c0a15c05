import { isIP } from 'node:net';
import type {
  AuditAction,
  AuditDetails,
  AuditEntry,
  AuditQuery,
  AuditTargetKind,
} from '@reelmill/shared/contracts/audit.ts';
import { Op, type Transaction } from 'sequelize';
import type { Models } from '../db/models.ts';
import type { AuditRow, VideoRow } from '../db/rows.ts';
import type { RequestContext } from '../http/route.ts';

/** Who acts, and from where; all null for a command on the server. */
export interface Actor {
  readonly userId: number | null;
  /** Where nobody is logged in: the account of the failed login. */
  readonly email?: string;
  readonly requestId: string | null;
  readonly address: string | null;
}

/** The system itself, or the command line of the server. */
export const SYSTEM_ACTOR: Actor = { userId: null, requestId: null, address: null };

/** Returns who sent this request. */
export function actorOf({
  identity,
  request,
  requestId,
}: Pick<RequestContext, 'identity' | 'request' | 'requestId'>): Actor {
  const { ip = '' } = request;
  // a proxy may forward any text
  return { userId: identity?.userId ?? null, requestId, address: isIP(ip) === 0 ? null : ip };
}

export interface AuditEvent {
  action: AuditAction;
  target: { kind: AuditTargetKind; id: string | number | null };
  /** The change, such as old and new value; never a secret. */
  details?: AuditDetails;
}

/**
 * Writes an entry of the audit log, in the transaction of the change itself where there is one, so that neither is
 * committed without the other.
 */
export async function recordAuditEvent(
  models: Models,
  actor: Actor,
  { action, target, details = {} }: AuditEvent,
  transaction?: Transaction,
): Promise<void> {
  const within = transaction === undefined ? {} : { transaction };
  const user =
    actor.userId === null
      ? null
      : await models.User.findByPk(actor.userId, { attributes: ['email'], ...within });
  await models.Audit.create(
    {
      actorId: actor.userId,
      actorEmail: user?.email ?? actor.email ?? null,
      action,
      targetKind: target.kind,
      targetId: target.id === null ? null : String(target.id),
      details,
      requestId: actor.requestId,
      address: actor.address,
    },
    within,
  );
}

/** Records what an admin does with another user's video; owners' changes to their own videos are not in the audit log. */
export async function recordForeignVideoEvent(
  models: Models,
  event: { actor: Actor; video: VideoRow; action: AuditAction; details?: AuditDetails },
  transaction: Transaction,
): Promise<void> {
  const { actor, video, action, details = {} } = event;
  if (actor.userId === video.userId) return;
  const target = { kind: 'video', id: video.id } as const;
  await recordAuditEvent(
    models,
    actor,
    { action, target, details: { owner: video.userId, ...details } },
    transaction,
  );
}

/** Returns one page of the log, newest first. */
export async function listAudit(
  models: Models,
  query: AuditQuery,
): Promise<{ entries: AuditEntry[]; total: number }> {
  const { action, actor: actorId, target_kind: targetKind, target_id: targetId, since, until } = query;
  const equal = Object.entries({ action, actorId, targetKind, targetId });
  const { rows, count } = await models.Audit.findAndCountAll({
    where: {
      ...Object.fromEntries(equal.filter(([, value]) => value !== undefined)),
      createdAt: {
        [Op.gte]: new Date(since ?? 0),
        ...(until === undefined ? {} : { [Op.lt]: new Date(until) }),
      },
    },
    order: [['id', 'DESC']],
    limit: query.limit,
    offset: query.offset,
  });
  return { entries: rows.map(serializeEntry), total: count };
}

function serializeEntry(row: AuditRow): AuditEntry {
  return {
    id: row.id,
    at: row.createdAt.toISOString(),
    actor: row.actorEmail === null ? null : { user_id: row.actorId, email: row.actorEmail },
    action: row.action,
    target: row.targetKind === null ? null : { kind: row.targetKind, id: row.targetId },
    details: row.details,
    request_id: row.requestId,
    address: row.address,
  };
}
