import type { AdminVideo, AdminVideoQuery } from '@reelmill/shared/contracts/adminVideos.ts';
import type { Priority } from '@reelmill/shared/contracts/videos.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { type Actor, recordAuditEvent } from '../audit/auditLog.ts';
import { describeVideos } from '../catalog/describeVideo.ts';
import { listVideos } from '../catalog/videoRepository.ts';
import type { ServerContext } from '../context/serverContext.ts';
import type { TaskRow, VideoRow } from '../db/rows.ts';
import { reopenTask } from '../transcode/tasks.ts';

/** Tasks of a higher rank go before all others. */
export const PRIORITY_RANKS = { low: -1, normal: 0, high: 1 } as const satisfies Record<Priority, number>;

/** One page of everybody's videos. */
export async function listAllVideos(
  context: ServerContext,
  { owner, ...page }: AdminVideoQuery,
): Promise<{ videos: AdminVideo[]; total: number }> {
  const { rows, count } = await listVideos(context.database.models, owner ?? null, page);
  return { videos: await describeForAdmins(context, rows), total: count };
}

/** Throws `not_found`. Tasks that are in the queue already stay where they are. */
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
    // not a change of the video that its owner should see
    await row.update({ priority: PRIORITY_RANKS[priority] }, { transaction: within, silent: true });
    await recordAuditEvent(
      models,
      actor,
      { action: 'video.priority', target: { kind: 'video', id: videoId }, details },
      within,
    );
    return row;
  });
  const [described] = await describeForAdmins(context, [video]);
  if (described === undefined) throw new Error('a video was not described');
  return described;
}

/**
 * Makes a task go at once that failed or waits for its next try, with all its tries before it. Throws `not_found`, and
 * `state_conflict` where the video does not go on with it.
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

async function describeForAdmins(context: ServerContext, rows: readonly VideoRow[]): Promise<AdminVideo[]> {
  const { models } = context.database;
  const [videos, owners, failures] = await Promise.all([
    describeVideos(context, rows),
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

/** The priority of a rank as the database keeps it. */
function priorityOf(rank: number): Priority {
  if (rank === 0) return 'normal';
  return rank < 0 ? 'low' : 'high';
}
