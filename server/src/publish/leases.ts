import type { WorkerEvent } from '@reelmill/shared/contracts/tasks.ts';
import { OPEN_TASK_STATES } from '@reelmill/shared/core/videoState.ts';
import type { Transaction } from 'sequelize';
import type { Models } from '../db/models.ts';
import type { TaskRow, VideoRow } from '../db/rows.ts';
import type { FarmContext } from '../dispatch/farmContext.ts';
import type { Revocation } from './planTasks.ts';

/** What a worker said about a task. */
export type TaskEvent = Exclude<WorkerEvent, { type: 'heartbeat' }>;

/** The condition under which an event may change its task: the task is open and leased to whoever speaks. */
export function leasedTo(event: TaskEvent) {
  return { id: event.taskId, leaseToken: event.leaseToken, state: [...OPEN_TASK_STATES] };
}

/** The end of a lease that is renewed now. */
export function leaseEnd(context: FarmContext): Date {
  return new Date(Date.now() + context.config.LEASE_SECONDS * 1000);
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
