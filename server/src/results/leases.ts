import type { WorkerEvent } from '@reelmill/shared/contracts/tasks.ts';
import { taskLogFields } from '@reelmill/shared/runtime/logFields.ts';
import { Op, type Transaction } from 'sequelize';
import type { FarmContext } from '../context/farmContext.ts';
import type { Models } from '../db/models.ts';
import type { TaskRow, VideoRow } from '../db/rows.ts';
import { transitionTasks } from '../db/transitions.ts';
import { decideAfterLostLease, QUARANTINE_AFTER_LEASES } from '../state/retryPolicy.ts';
import { OPEN_TASK_STATES } from '../state/taskState.ts';
import type { Revocation } from '../transcode/cancelTasks.ts';
import { expectLateObjects } from '../transcode/cleanUp.ts';

/** What a worker reports about a task. */
export type TaskEvent = Exclude<WorkerEvent, { type: 'heartbeat' }>;

/** The task of an event, as long as it is leased to whoever sent it. */
const leasedTo = ({ taskId, leaseToken }: TaskEvent) => ({ id: taskId, leaseToken });

/** Without a token, no further report of the last holder counts. */
export const UNLEASED = { leaseToken: null, leaseExpiresAt: null, workerId: null } as const;

/** Tasks in quarantine begin so far apart: many of them must not take worker after worker either. */
const QUARANTINE_SPACING_MS = 10_000;
/** How long a worker that lost its connection may take to be heard of again before its task goes to another. */
const REDELIVERY_GRACE_MS = 10_000;

/**
 * Begins or renews the lease of an event's task, and writes the other `values` to its row. Returns false, and revokes the
 * lease, where the event comes too late.
 */
export async function renewLease(
  context: FarmContext,
  event: TaskEvent,
  values: Parameters<typeof transitionTasks>[2]['values'],
): Promise<boolean> {
  const { models } = context.database;
  const leaseExpiresAt = await leaseEnd(context);
  const renewed = await transitionTasks(models, 'running', {
    where: leasedTo(event),
    values: { ...values, workerId: event.workerId, leaseExpiresAt },
  });
  if (renewed > 0) return true;
  await revokeLeases(context, [event]);
  // until its worker stops, it may still write
  await expectLateObjects(models, event.videoId);
  return false;
}

/** The end of a lease that is renewed now, by the clock of the database: of several servers one may be wrong. */
async function leaseEnd({ database, config }: FarmContext): Promise<Date> {
  const now = (await database.now()) ?? new Date();
  return new Date(now.getTime() + config.LEASE_SECONDS * 1000);
}

/** Lets a lease expire soon, unless it is renewed until then. */
export async function shortenLease(task: TaskRow, transaction: Transaction): Promise<void> {
  const soon = new Date(Date.now() + REDELIVERY_GRACE_MS);
  if (task.leaseExpiresAt === null || task.leaseExpiresAt > soon) {
    await task.update({ leaseExpiresAt: soon }, { transaction });
  }
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
    where: {
      ...leasedTo(event),
      state: [...OPEN_TASK_STATES],
      videoId: video.id,
      planVersion: video.planVersion,
    },
    transaction,
    // the sweeper revokes leases without the video
    lock: transaction.LOCK.UPDATE,
  });
  return task === null ? null : { video, task };
}

/** Tells workers that these leases have ended. Those who do not hear it find out by their next report. */
export async function revokeLeases(context: FarmContext, revoked: readonly Revocation[]): Promise<void> {
  for (const { taskId, leaseToken } of revoked) {
    await context.queue
      .broadcast({ v: 1, type: 'revoke_task', taskId, leaseToken })
      .catch((error: unknown) =>
        context.logger.debug({ err: error, task_id: taskId }, 'revocation of a lease not sent'),
      );
  }
}

/** What `requeueLost` needs of a task; its specification can be long. */
export const REQUEUE_COLUMNS = [
  'id',
  'videoId',
  'kind',
  'attempt',
  'requestId',
  'workerId',
  'leaseToken',
  'leaseExpiresAt',
  'lostLeases',
  'waitingSince',
];

/**
 * Requeues a running task whose worker is lost. That was no failed attempt, but the task waits longer each time. With
 * `keepToken` a worker that was only cut off may still continue it. Returns false, and changes nothing, where its
 * lease was renewed or ended since the row was read.
 */
export async function requeueLost(
  context: FarmContext,
  task: TaskRow,
  options: { keepToken: boolean; transaction?: Transaction },
): Promise<boolean> {
  const { models } = context.database;
  const transaction = options.transaction ?? null;
  const { id, leaseToken, leaseExpiresAt } = task;
  const lostLeases = task.lostLeases + 1;
  const { quarantined, pauseMs } = decideAfterLostLease(lostLeases);
  const now = Date.now();
  const free = quarantined ? await nextFreeQuarantine(models, transaction) : 0;
  const availableAt = new Date(Math.max(now + pauseMs, free));
  const changed = await transitionTasks(models, 'pending', {
    from: ['running'],
    where: { id, leaseToken, leaseExpiresAt },
    values: {
      ...(options.keepToken ? { leaseExpiresAt: null } : UNLEASED),
      lostLeases,
      waitingSince: task.waitingSince ?? new Date(now),
      availableAt,
    },
    transaction,
  });
  if (changed === 0) return false;
  const record = () =>
    recordLostLease(context, task, { quarantined, lostLeases, pauseMs: availableAt.getTime() - now });
  if (transaction === null) record();
  else transaction.afterCommit(record);
  return true;
}

function recordLostLease(
  { metrics, logger }: FarmContext,
  { id, videoId, requestId, kind, attempt, workerId }: TaskRow,
  { quarantined, lostLeases, pauseMs }: { quarantined: boolean; lostLeases: number; pauseMs: number },
): void {
  const fields = {
    ...taskLogFields({ taskId: id, videoId, requestId, kind, attempt: attempt + 1 }),
    worker_id: workerId,
    lost_leases: lostLeases,
    pause_ms: pauseMs,
  };
  metrics.leasesExpired(1);
  if (quarantined) logger.error(fields, 'task quarantined: its workers were lost again and again');
  else logger.warn(fields, 'lease lost, task requeued');
}

/** Requeues tasks whose worker has been silent for a whole lease; `now` is the time of the database. Returns how many. */
export async function requeueExpiredLeases(context: FarmContext, now: number): Promise<number> {
  const expired = await context.database.models.Task.findAll({
    where: { state: 'running', leaseExpiresAt: { [Op.lt]: new Date(now) } },
    attributes: REQUEUE_COLUMNS,
  });
  let count = 0;
  for (const task of expired) {
    if (await requeueLost(context, task, { keepToken: true })) count += 1;
  }
  return count;
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
