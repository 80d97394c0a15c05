import type { WorkerEvent } from '@reelmill/shared/contracts/tasks.ts';
import {
  decideAfterLostLease,
  OPEN_TASK_STATES,
  QUARANTINE_AFTER_LEASES,
} from '@reelmill/shared/core/videoState.ts';
import { taskLogFields } from '@reelmill/shared/runtime/logFields.ts';
import { Op, type Transaction } from 'sequelize';
import type { FarmContext } from '../context/farmContext.ts';
import type { Models } from '../db/models.ts';
import type { TaskRow, VideoRow } from '../db/rows.ts';
import type { Revocation } from '../transcode/planTasks.ts';

/** What a worker said about a task. */
export type TaskEvent = Exclude<WorkerEvent, { type: 'heartbeat' }>;

/** The condition under which an event may change its task: the task is open and leased to whoever speaks. */
export function leasedTo(event: TaskEvent) {
  return { id: event.taskId, leaseToken: event.leaseToken, state: [...OPEN_TASK_STATES] };
}

/** Without a token, nothing that the last holder still says counts. */
export const UNLEASED = { leaseToken: null, leaseExpiresAt: null, workerId: null } as const;

/** Tasks in quarantine begin so far apart: many of them must not take worker after worker either. */
const QUARANTINE_SPACING_MS = 10_000;

/** The end of a lease that is renewed now, by the clock of the database: of several servers one may be wrong. */
export async function leaseEnd({ database, config }: FarmContext): Promise<Date> {
  const now = (await database.now()) ?? new Date();
  return new Date(now.getTime() + config.LEASE_SECONDS * 1000);
}

/**
 * Locks the event's video and task for this transaction, the video first, as everyone does. Null where the event comes
 * too late to change anything.
 */
export async function lockLeased(
  models: Models,
  event: TaskEvent,
  transaction: Transaction,
): Promise<{ video: VideoRow; task: TaskRow } | null> {
  const video = await models.Video.findOne({
    where: { id: event.videoId, status: 'transcoding' },
    transaction,
    lock: transaction.LOCK.UPDATE,
  });
  if (video === null) return null;
  const task = await models.Task.findOne({
    where: { ...leasedTo(event), videoId: video.id, planVersion: video.planVersion },
    transaction,
    // a sweep revokes leases without the video
    lock: transaction.LOCK.UPDATE,
  });
  return task === null ? null : { video, task };
}

/** Tells workers that these leases are over. Those who do not hear it find out by their next event. */
export async function revokeLeases(context: FarmContext, revoked: readonly Revocation[]): Promise<void> {
  for (const { taskId, leaseToken } of revoked) {
    await context.queue
      .broadcast({ v: 1, type: 'revoke_task', taskId, leaseToken })
      .catch((error: unknown) =>
        context.logger.debug({ err: error, task_id: taskId }, 'a lease could not be revoked'),
      );
  }
}

/**
 * Requeues a running task whose worker is lost. That was no failed try, but the task waits longer each time. With
 * `keepToken` a worker that was only cut off may still go on with it. Returns false, and changes nothing, where its
 * lease was renewed or ended since the row was read.
 */
export async function requeueLost(
  context: FarmContext,
  task: TaskRow,
  options: { keepToken: boolean; transaction?: Transaction },
): Promise<boolean> {
  const { Task } = context.database.models;
  const transaction = options.transaction ?? null;
  const lostLeases = task.lostLeases + 1;
  const { quarantined, pauseMs } = decideAfterLostLease(lostLeases);
  const now = Date.now();
  const free = quarantined ? await nextFreeQuarantine(context.database.models, transaction) : 0;
  const availableAt = new Date(Math.max(now + pauseMs, free));
  const [changed] = await Task.update(
    {
      ...(options.keepToken ? { leaseExpiresAt: null } : UNLEASED),
      state: 'pending',
      lostLeases,
      waitingSince: task.waitingSince ?? new Date(now),
      availableAt,
    },
    {
      where: {
        id: task.id,
        state: 'running',
        leaseToken: task.leaseToken,
        leaseExpiresAt: task.leaseExpiresAt,
      },
      transaction,
    },
  );
  if (changed === 0) return false;
  const { id, videoId, requestId, kind, attempt, workerId } = task;
  const fields = {
    ...taskLogFields({ taskId: id, videoId, requestId, kind, attempt: attempt + 1 }),
    worker_id: workerId,
    lost_leases: lostLeases,
    pause_ms: availableAt.getTime() - now,
  };
  const tell = (): void => {
    context.metrics.leasesExpired(1);
    if (quarantined) context.logger.error(fields, 'task quarantined: its workers were lost again and again');
    else context.logger.warn(fields, 'lease lost, task requeued');
  };
  if (transaction === null) tell();
  else transaction.afterCommit(tell);
  return true;
}

/** When another task may leave the quarantine, in milliseconds since 1970. */
async function nextFreeQuarantine(models: Models, transaction: Transaction | null): Promise<number> {
  const last = await models.Task.findOne({
    where: { state: 'pending', lostLeases: { [Op.gte]: QUARANTINE_AFTER_LEASES } },
    attributes: ['availableAt'],
    order: [['availableAt', 'DESC']],
    transaction,
  });
  return last === null ? 0 : last.availableAt.getTime() + QUARANTINE_SPACING_MS;
}
