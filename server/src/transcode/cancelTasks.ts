import type { Transaction } from 'sequelize';
import type { Models } from '../db/models.ts';
import { transitionTasks } from '../db/transitions.ts';
import { OPEN_TASK_STATES } from '../state/taskState.ts';

/** A lease that has ended, and whose holder is to stop. */
export interface Revocation {
  taskId: number;
  leaseToken: string;
}

/** Cancels what is not finished of a video and returns the leases of the tasks that were in work. */
export async function cancelOpenTasks(
  models: Models,
  videoId: number,
  transaction: Transaction,
): Promise<Revocation[]> {
  const tasks = await models.Task.findAll({
    attributes: ['id', 'leaseToken'],
    where: { videoId, state: [...OPEN_TASK_STATES] },
    transaction,
  });
  await transitionTasks(models, 'canceled', {
    where: { videoId },
    values: { leaseToken: null, leaseExpiresAt: null, finishedAt: new Date() },
    transaction,
  });
  return tasks.flatMap(({ id, leaseToken }) => (leaseToken === null ? [] : [{ taskId: id, leaseToken }]));
}
