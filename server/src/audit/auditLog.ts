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

/** Who does something, and from where; nothing of it is known of a command on the server. */
export interface Actor {
  readonly userId: number | null;
  /** Where nobody is logged in: as whom somebody tried to. */
  readonly email?: string;
  readonly requestId: string | null;
  readonly address: string | null;
}

/** The system itself, or somebody at the server's own command line. */
export const SYSTEM_ACTOR: Actor = { userId: null, requestId: null, address: null };

/** Whoever sent this request. */
export function actorOf({
  identity,
  request,
  requestId,
}: Pick<RequestContext, 'identity' | 'request' | 'requestId'>): Actor {
  const { ip = '' } = request;
  // what a proxy forwards may be any text
  return { userId: identity?.userId ?? null, requestId, address: isIP(ip) === 0 ? null : ip };
}

export interface Act {
  action: AuditAction;
  target: { kind: AuditTargetKind; id: string | number | null };
  /** What was changed, from what to what; never a secret. */
  details?: AuditDetails;
}

/**
 * Writes an entry of the audit log, within the transaction of the act itself where there is one, so that there is
 * neither an act without its entry nor an entry without its act.
 */
export async function recordAuditEvent(
  models: Models,
  actor: Actor,
  { action, target, details = {} }: Act,
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

/** Records what an admin does with somebody else's video; what owners do with their own is not in the audit log. */
export async function recordOnOthers(
  models: Models,
  act: { actor: Actor; video: VideoRow; action: AuditAction; details?: AuditDetails },
  transaction: Transaction,
): Promise<void> {
  const { actor, video, action, details = {} } = act;
  if (actor.userId === video.userId) return;
  const target = { kind: 'video', id: video.id } as const;
  await recordAuditEvent(
    models,
    actor,
    { action, target, details: { owner: video.userId, ...details } },
    transaction,
  );
}

/** One page of the log, the newest entry first. */
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
