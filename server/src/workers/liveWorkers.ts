import { farmStateOf } from '@reelmill/shared/core/workerHealth.ts';
import type { Transaction } from 'sequelize';
import type { Models } from '../db/models.ts';

/** A worker that was not heard of for so long is not coming back under its name. */
export const WORKER_RETENTION_MS = 24 * 3_600_000;

/** The ids of the workers that take tasks now. */
export async function findLiveWorkers(
  models: Models,
  now: Date,
  transaction: Transaction | null = null,
): Promise<string[]> {
  const attributes = ['id', 'state', 'taskId', 'lastSeenAt'];
  const workers = await models.Worker.findAll({ attributes, transaction });
  return workers.filter((worker) => ['idle', 'busy'].includes(farmStateOf(worker, now))).map(({ id }) => id);
}
