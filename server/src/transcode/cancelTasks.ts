import { taskStatesBefore } from '@reelmill/shared/core/videoState.ts';
import type { Transaction } from 'sequelize';
import type { Models } from '../db/models.ts';

/** A lease to be told that it is over. */
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
  const open = { videoId, state: taskStatesBefore('canceled') };
  const tasks = await models.Task.findAll({ attributes: ['id', 'leaseToken'], where: open, transaction });
  await models.Task.update(
    { state: 'canceled', leaseToken: null, leaseExpiresAt: null, finishedAt: new Date() },
    { where: open, transaction },
  );
  return tasks.flatMap(({ id, leaseToken }) => (leaseToken === null ? [] : [{ taskId: id, leaseToken }]));
}
