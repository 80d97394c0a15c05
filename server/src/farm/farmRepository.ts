import type { TaskState } from '@reelmill/shared/contracts/tasks.ts';
import { taskStateSchema } from '@reelmill/shared/contracts/tasks.ts';
import type { WaitingReason } from '@reelmill/shared/contracts/videos.ts';
import { col, fn, Op } from 'sequelize';
import type { Models } from '../db/models.ts';
import type { TaskRow, WorkerRow } from '../db/rows.ts';
import { QUARANTINE_AFTER_LEASES, WAITING_AFTER_FAULTS, waitingReasonOf } from '../state/retryPolicy.ts';
import { OPEN_TASK_STATES } from '../state/taskState.ts';
import { WORKER_RETENTION_MS } from '../workers/liveWorkers.ts';
import type { KindBacklog, KindSpeed } from './drain.ts';

const RUNNING_LIMIT = 200;
const FAILURES_LIMIT = 20;
const QUARANTINED_LIMIT = 100;
const WAITING_LIMIT = 100;
const MEASURED_TASKS = 100;
/** Columns of a task that can be long. */
export const WITHOUT_LARGE_COLUMNS = { exclude: ['spec', 'result'] };

/** How many tasks are in each state. */
export async function countTasks(models: Models): Promise<Record<TaskState, number>> {
  const rows = await models.Task.findAll({
    attributes: ['state', [fn('count', col('id')), 'id']],
    group: ['state'],
  });
  const counts = new Map(rows.map((row) => [row.state, Number(row.id)]));
  const entries = taskStateSchema.options.map((state) => [state, counts.get(state) ?? 0] as const);
  return Object.fromEntries(entries) as Record<TaskState, number>; // every option is in `entries`
}

/** How many tasks were done since then. */
export function countDoneSince(models: Models, since: Date): Promise<number> {
  return models.Task.count({ where: { state: 'done', finishedAt: { [Op.gte]: since } } });
}

/** When the task that waits longest could have begun. */
export async function findOldestPending(models: Models, now: Date): Promise<Date | null> {
  const row = await models.Task.findOne({
    where: { state: ['pending', 'queued'], availableAt: { [Op.lte]: now } },
    attributes: ['availableAt'],
    order: [['availableAt', 'ASC']],
  });
  return row === null ? null : row.availableAt;
}

export function findRunningTasks(models: Models): Promise<TaskRow[]> {
  return models.Task.findAll({
    where: { state: 'running' },
    attributes: WITHOUT_LARGE_COLUMNS,
    order: [['startedAt', 'ASC']],
    limit: RUNNING_LIMIT,
  });
}

export function findRecentFailures(models: Models): Promise<TaskRow[]> {
  return models.Task.findAll({
    where: { state: 'failed' },
    attributes: WITHOUT_LARGE_COLUMNS,
    order: [['updatedAt', 'DESC']],
    limit: FAILURES_LIMIT,
  });
}

const quarantine = { state: 'pending', lostLeases: { [Op.gte]: QUARANTINE_AFTER_LEASES } } as const;

/** Tasks that wait because their workers were lost again and again, the next one first. */
export function findQuarantined(models: Models): Promise<TaskRow[]> {
  return models.Task.findAll({
    where: quarantine,
    attributes: WITHOUT_LARGE_COLUMNS,
    order: [['availableAt', 'ASC']],
    limit: QUARANTINED_LIMIT,
  });
}

/** Tasks that wait because faults of the farm ended their last attempts; those in quarantine are others. */
const waiting = {
  state: { [Op.in]: ['pending', 'queued'] },
  waitingSince: { [Op.not]: null },
  farmFaults: { [Op.gte]: WAITING_AFTER_FAULTS },
  lostLeases: { [Op.lt]: QUARANTINE_AFTER_LEASES },
};

/** Those that wait longest first. */
export function findWaitingTasks(models: Models): Promise<TaskRow[]> {
  return models.Task.findAll({
    where: waiting,
    attributes: WITHOUT_LARGE_COLUMNS,
    order: [['waitingSince', 'ASC']],
    limit: WAITING_LIMIT,
  });
}

/** How many of them wait for what. */
export async function countWaiting(models: Models): Promise<Record<WaitingReason, number>> {
  const rows = await models.Task.findAll({
    attributes: ['errorCode', [fn('count', col('id')), 'id']],
    where: waiting,
    group: ['error_code'],
  });
  const counts: Record<WaitingReason, number> = { store: 0, disk: 0, worker: 0 };
  for (const { errorCode, id } of rows) {
    counts[(errorCode === null ? null : waitingReasonOf(errorCode)) ?? 'worker'] += Number(id);
  }
  return counts;
}

export function countQuarantined(models: Models): Promise<number> {
  return models.Task.count({ where: quarantine });
}

/** Workers that were heard of within a day, the latest first. */
export function findWorkers(models: Models, now: Date): Promise<WorkerRow[]> {
  return models.Worker.findAll({
    where: { lastSeenAt: { [Op.gt]: new Date(now.getTime() - WORKER_RETENTION_MS) } },
    order: [['lastSeenAt', 'DESC']],
  });
}

/** What is left to do, by kind. */
export async function findBacklog(models: Models): Promise<KindBacklog[]> {
  const rows = await models.Task.findAll({
    where: { state: [...OPEN_TASK_STATES] },
    attributes: [
      'kind',
      [fn('sum', col('units_done')), 'unitsDone'],
      [fn('sum', col('units_total')), 'unitsTotal'],
    ],
    group: ['kind'],
  });
  return rows.map(({ kind, unitsDone, unitsTotal }) => ({
    kind,
    units: Number(unitsTotal) - Number(unitsDone),
  }));
}

/** How long the last finished tasks took, by kind. */
export async function findSpeeds(models: Models): Promise<KindSpeed[]> {
  const rows = await models.Task.findAll({
    where: { state: 'done', startedAt: { [Op.not]: null }, finishedAt: { [Op.not]: null } },
    attributes: ['kind', 'unitsTotal', 'startedAt', 'finishedAt'],
    order: [['finishedAt', 'DESC']],
    limit: MEASURED_TASKS,
  });
  return [...Map.groupBy(rows, (row) => row.kind)].map(([kind, tasks]) => ({
    kind,
    units: tasks.reduce((sum, task) => sum + task.unitsTotal, 0),
    seconds: tasks.reduce((sum, task) => sum + secondsOf(task), 0),
  }));
}

function secondsOf({ startedAt, finishedAt }: TaskRow): number {
  return startedAt === null || finishedAt === null ? 0 : (finishedAt.getTime() - startedAt.getTime()) / 1000;
}
