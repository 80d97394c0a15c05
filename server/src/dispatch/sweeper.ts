import { farmStateOf } from '@reelmill/shared/core/workerHealth.ts';
import { literal, Op } from 'sequelize';
import { type Recurring, startRecurring } from '../background/recurring.ts';
import { MAX_SKEW_MS } from '../clock/clockDoubt.ts';
import type { FarmContext } from '../context/farmContext.ts';
import { transitionTasks } from '../db/transitions.ts';
import { REQUEUE_COLUMNS, requeueExpiredLeases, requeueLost, UNLEASED } from '../results/leases.ts';
import { OPEN_TASK_STATES, QUARANTINE_AFTER_LEASES } from '../state/taskState.ts';
import { failTranscode } from '../transcode/lifecycle.ts';
import { FORGET_WORKERS_MS } from '../workers/liveWorkers.ts';

/**
 * Finds what got lost between the database and the broker, and puts it back on its way:
 *
 *   running, but the lease ran out            -> pending (the worker is lost), later each time; never a failed try
 *   queued, but not in the broker's queue     -> pending (a crash between claim and publish, or the broker's disk)
 *   waiting for longer than any pause lasts   -> due now (planned by a server whose clock was ahead)
 *   transcoding without any open task         -> finalizing, or failed (should not happen; must not last)
 *
 * A task that is given up keeps its token until it is claimed again: a worker that was only cut off goes on with it.
 */
const INTERVAL_MS = 2_000;
const QUEUED_GRACE_MS = 15_000;
const QUEUED_LIMIT_MS = 10 * 60_000;
const ORPHANED_MS = 10_000;
/** No pause of a task lasts longer: an hour in quarantine, where many tasks follow each other, and a minute otherwise. */
const LONGEST_PAUSE_MS = { quarantined: 7_200_000, other: 120_000 };

/** What one sweeper remembers between its rounds. */
export interface SweeperMemory {
  /** Since when database and broker have answered without a break; null while they do not. */
  healthySince: number | null;
  lostWorkers: Set<string>;
}

/** Sweeps until it is stopped. `onComplete` is called when a video turned out to have nothing left to do. */
export function startSweeper(context: FarmContext, onComplete: () => void): Recurring {
  const memory: SweeperMemory = { healthySince: null, lostWorkers: new Set() };
  return startRecurring({
    name: 'sweeper',
    intervalMs: INTERVAL_MS,
    logger: context.logger,
    metrics: context.metrics,
    work: async () => {
      try {
        await sweepOnce(context, memory, onComplete);
      } catch (error) {
        memory.healthySince = null;
        throw error;
      }
      return false;
    },
  });
}

/** One round. Throws where database or broker do not answer. */
export async function sweepOnce(
  context: FarmContext,
  memory: SweeperMemory,
  onComplete: () => void,
): Promise<void> {
  const { ready } = await context.queue.depth();
  const now = Date.now();
  const databaseTime = (await context.database.now())?.getTime() ?? now;
  // to a clock that is ahead, the work of other servers would look old
  const earlier = Math.min(now, databaseTime);
  memory.healthySince ??= now;
  const healthyMs = now - memory.healthySince;
  let reopened = 0;
  // while something was down nobody could renew a lease: after a break everyone gets the time to do so
  if (healthyMs >= context.config.LEASE_SECONDS * 1000)
    reopened += await requeueExpiredLeases(context, databaseTime);
  if (healthyMs >= QUEUED_GRACE_MS) reopened += await reopenUndelivered(context, earlier, ready);
  const agree = Math.abs(now - databaseTime) <= MAX_SKEW_MS;
  if (agree) reopened += await makeDue(context, now);
  if (reopened > 0) context.signals.tasksWaiting();
  for (const videoId of await findOrphans(context, earlier)) {
    if (await settleOrphan(context, videoId)) onComplete();
  }
  if (agree) await watchWorkers(context, memory, now);
}

/** Makes pending tasks due that would wait for longer than any pause lasts. Returns how many. */
export async function makeDue({ database, logger }: FarmContext, now: number): Promise<number> {
  const after = (ms: number) => ({ availableAt: { [Op.gt]: new Date(now + ms) } });
  const ordinary = { lostLeases: { [Op.lt]: QUARANTINE_AFTER_LEASES }, ...after(LONGEST_PAUSE_MS.other) };
  const [count] = await database.models.Task.update(
    { availableAt: new Date(now) },
    { where: { state: 'pending', [Op.or]: [ordinary, after(LONGEST_PAUSE_MS.quarantined)] } },
  );
  if (count > 0) logger.warn({ count }, 'tasks would have waited for longer than any pause, and are due now');
  return count;
}

/**
 * Publishes queued tasks anew that the broker cannot have any more: more rows say `queued` than messages are ready.
 * Which of them are missing cannot be told; a message too many is refused by its old token.
 */
export async function reopenUndelivered(context: FarmContext, now: number, ready: number): Promise<number> {
  const { models } = context.database;
  const olderThan = (ms: number) => ({ updatedAt: { [Op.lt]: new Date(now - ms) } });
  const waiting = await models.Task.count({ where: { state: 'queued', ...olderThan(QUEUED_GRACE_MS) } });
  const count = await transitionTasks(models, 'pending', {
    from: ['queued'],
    where: olderThan(waiting > ready ? QUEUED_GRACE_MS : QUEUED_LIMIT_MS),
    values: { availableAt: new Date(now) },
  });
  if (count > 0)
    context.logger.warn({ tasks: count, ready }, 'queued tasks are not in the queue; they go again');
  return count;
}

/**
 * A queue that does not outlive its process starts empty: everything that was in it is planned anew. What was in work
 * lost its worker, and may be what ended the last process.
 */
export async function reopenAll(context: FarmContext): Promise<void> {
  const { models } = context.database;
  const running = await models.Task.findAll({ where: { state: 'running' }, attributes: REQUEUE_COLUMNS });
  for (const task of running) await requeueLost(context, task, { keepToken: false });
  const queued = await transitionTasks(models, 'pending', {
    from: ['queued'],
    where: {},
    values: { ...UNLEASED, availableAt: new Date() },
  });
  const count = running.length + queued;
  if (count > 0) context.logger.info({ tasks: count }, 'unfinished tasks of the last run go on');
}

async function findOrphans(context: FarmContext, now: number): Promise<number[]> {
  const states = OPEN_TASK_STATES.map((state) => `'${state}'`).join(', ');
  const open = literal(`(SELECT video_id FROM tasks WHERE state IN (${states}))`);
  const videos = await context.database.models.Video.findAll({
    attributes: ['id'],
    where: {
      status: 'transcoding',
      phase: { [Op.ne]: 'finalizing' },
      updatedAt: { [Op.lt]: new Date(now - ORPHANED_MS) },
      id: { [Op.notIn]: open },
    },
  });
  return videos.map(({ id }) => id);
}

/** Answers whether the video has everything and only needs to be published. */
async function settleOrphan(context: FarmContext, videoId: number): Promise<boolean> {
  const { database, metrics } = context;
  const { models } = database;
  const settled = await database.transaction(async (transaction) => {
    const video = await models.Video.findOne({
      where: { id: videoId, status: 'transcoding' },
      transaction,
      lock: transaction.LOCK.UPDATE,
    });
    if (video === null) return 'gone';
    const tasks = await models.Task.findAll({
      attributes: ['state', 'kind'],
      where: { videoId, planVersion: video.planVersion },
      transaction,
    });
    if (tasks.some(({ state }) => OPEN_TASK_STATES.some((open) => open === state))) return 'gone';
    const encoded = tasks.filter(({ kind }) => kind === 'encode');
    if (video.plan !== null && encoded.length > 0 && encoded.every(({ state }) => state === 'done')) {
      await video.update({ phase: 'finalizing' }, { transaction });
      return 'complete';
    }
    const diagnostics = `no open task, but ${tasks.map(({ kind, state }) => `${kind} ${state}`).join(', ')}`;
    const message = 'Something went wrong on our side while converting this video. Please try again.';
    const failure = { code: 'internal', message, diagnostics } as const;
    await failTranscode({ models, transaction, video, failure, metrics });
    return 'failed';
  });
  if (settled !== 'gone') {
    context.logger.error({ video_id: videoId, settled }, 'a video had no open task');
    context.signals.videoChanged(videoId);
  }
  return settled === 'complete';
}

async function watchWorkers(context: FarmContext, memory: SweeperMemory, now: number): Promise<void> {
  const { Worker } = context.database.models;
  const heardOf = { lastSeenAt: { [Op.gte]: new Date(now - FORGET_WORKERS_MS) } };
  for (const worker of await Worker.findAll({ where: heardOf })) {
    const lost = farmStateOf(worker, new Date(now)) === 'lost';
    if (lost && !memory.lostWorkers.has(worker.id)) {
      context.logger.warn({ worker_id: worker.id, last_seen_at: worker.lastSeenAt }, 'a worker is lost');
    }
    if (lost) memory.lostWorkers.add(worker.id);
    else memory.lostWorkers.delete(worker.id);
  }
}
