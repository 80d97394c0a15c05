import type { RetentionJobName, RetentionStop, StoppedJob } from '@reelmill/shared/contracts/retention.ts';
import { Op } from 'sequelize';
import type { Models } from '../db/models.ts';
import type { RetentionJobRow } from '../db/rows.ts';

/** Jobs that remove nothing until an administrator allows it, or a clock is right again. */
export async function findStoppedJobs({ RetentionJob }: Models): Promise<StoppedJob[]> {
  const rows = await RetentionJob.findAll({
    attributes: ['name', 'stop'],
    where: { stop: { [Op.not]: null } },
    order: [['name', 'ASC']],
  });
  return rows.flatMap(({ name, stop }) => (stop === null ? [] : { job: name, ...serializeStop(stop) }));
}

/** How many things the last run of each job could not remove; without jobs that have never run. */
export async function countNotRemoved({ RetentionJob }: Models): Promise<[RetentionJobName, number][]> {
  const rows = await RetentionJob.findAll({ attributes: ['name', 'result'] });
  return rows.map(({ name, result }) => [name, result?.failed ?? 0]);
}

export function serializeStop(stop: NonNullable<RetentionJobRow['stop']>): RetentionStop {
  const { kind, reason, since, items, limit } = stop;
  return { kind, reason, since, items, limit };
}
