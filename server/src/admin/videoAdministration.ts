import type { AdminVideo, AdminVideoQuery } from '@reelmill/shared/contracts/adminVideos.ts';
import type { Priority } from '@reelmill/shared/contracts/videos.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { type Actor, recordAuditEvent } from '../audit/auditLog.ts';
import { serializeVideos } from '../catalog/serializeVideo.ts';
import { listVideos } from '../catalog/videoRepository.ts';
import type { ServerContext } from '../context/serverContext.ts';
import type { TaskRow, VideoRow } from '../db/rows.ts';
import { reopenTask } from '../transcode/tasks.ts';

/** Tasks of a higher rank are dispatched before all others. */
export const PRIORITY_RANKS = { low: -1, normal: 0, high: 1 } as const satisfies Record<Priority, number>;

/** Returns one page of the videos of all users. */
export async function listAllVideos(
  context: ServerContext,
  { owner, ...page }: AdminVideoQuery,
): Promise<{ videos: AdminVideo[]; total: number }> {
  const { rows, count } = await listVideos(context.database.models, owner ?? null, page);
  return { videos: await serializeForAdmins(context, rows), total: count };
}

/** Changes the priority of a video, not the order of tasks that are already in the queue. Throws `not_found`. */
export async function changePriority(
  context: ServerContext,
  videoId: number,
  priority: Priority,
  actor: Actor,
): Promise<AdminVideo> {
  const { models, transaction } = context.database;
  const video = await transaction(async (within) => {
    const where = { id: videoId, deletedAt: null };
    const row = await models.Video.findOne({ where, transaction: within, lock: within.LOCK.UPDATE });
    if (row === null) throw new ReelmillError('not_found', 'There is no such video.');
    const details = { from: priorityOf(row.priority), to: priority };
    // silent: the owner does not see this change
    await row.update({ priority: PRIORITY_RANKS[priority] }, { transaction: within, silent: true });
    await recordAuditEvent(
      models,
      actor,
      { action: 'video.priority', target: { kind: 'video', id: videoId }, details },
      within,
    );
    return row;
  });
  const [serialized] = await serializeForAdmins(context, [video]);
  if (serialized === undefined) throw new Error('a video was not serialized');
  return serialized;
}

/**
 * Makes a task that failed or waits for its next attempt due at once, with all its attempts. Throws `not_found`, and
 * `state_conflict` where its video no longer needs it.
 */
export async function retryTask(context: ServerContext, taskId: number, actor: Actor): Promise<TaskRow> {
  const { models, transaction } = context.database;
  const task = await transaction(async (within) => {
    const row = await reopenTask({ models, transaction: within, taskId });
    const details = { video: row.videoId, kind: row.kind, error: row.errorCode };
    await recordAuditEvent(
      models,
      actor,
      { action: 'task.retry', target: { kind: 'task', id: taskId }, details },
      within,
    );
    return row;
  });
  context.signals.tasksWaiting();
  return task;
}

async function serializeForAdmins(context: ServerContext, rows: readonly VideoRow[]): Promise<AdminVideo[]> {
  const { models } = context.database;
  const [videos, owners, failures] = await Promise.all([
    serializeVideos(context, rows),
    models.User.findAll({ where: { id: [...new Set(rows.map(({ userId }) => userId))] } }),
    models.Video.findAll({
      attributes: ['id', 'errorDiagnostics'],
      where: { id: rows.filter(({ errorCode }) => errorCode !== null).map(({ id }) => id) },
    }),
  ]);
  const ownerOf = new Map(owners.map(({ id, email, nickname }) => [id, { user_id: id, email, nickname }]));
  const diagnosticsOf = new Map(failures.map(({ id, errorDiagnostics }) => [id, errorDiagnostics]));
  return rows.flatMap((row, index) => {
    const [video, owner] = [videos[index], ownerOf.get(row.userId)];
    if (video === undefined || owner === undefined) return [];
    const priority = priorityOf(row.priority);
    return [{ video, owner, priority, diagnostics: diagnosticsOf.get(row.id) ?? null }];
  });
}

/** Returns the priority of a rank in the database. */
function priorityOf(rank: number): Priority {
  if (rank === 0) return 'normal';
  return rank < 0 ? 'low' : 'high';
}
