import { farmStateOf } from '@reelmill/shared/core/workerHealth.ts';
import { literal, Op } from 'sequelize';
import { type Recurring, startRecurring } from '../background/recurring.ts';
import { MAX_SKEW_MS } from '../clock/clockDoubt.ts';
import type { FarmContext } from '../context/farmContext.ts';
import { transitionTasks } from '../db/transitions.ts';
import { REQUEUE_COLUMNS, requeueExpiredLeases, requeueLost, UNLEASED } from '../results/leases.ts';
import { QUARANTINE_AFTER_LEASES } from '../state/retryPolicy.ts';
import { OPEN_TASK_STATES } from '../state/taskState.ts';
import { failTranscode } from '../transcode/lifecycle.ts';
import { WORKER_RETENTION_MS } from '../workers/liveWorkers.ts';

/**
 * Finds what got lost between the database and the broker, and puts it back on its way:
 *
 *   running, but the lease ran out            -> pending (the worker is lost), later each time; never a failed attempt
 *   queued, but not in the broker's queue     -> pending (a crash between claim and publish, or the broker's disk)
 *   waiting for longer than any pause lasts   -> due now (planned by a server whose clock was ahead)
 *   transcoding without any open task         -> finalizing, or failed (should not happen; must not last)
 *
 * A task whose lease expired keeps its token until it is claimed again: a worker that was only cut off continues it.
 */
const INTERVAL_MS = 2_000;
const QUEUED_GRACE_MS = 15_000;
const QUEUED_LIMIT_MS = 10 * 60_000;
const STUCK_MS = 10_000;
/** No pause of a task lasts longer: an hour in quarantine, where many tasks follow each other, and a minute otherwise. */
const LONGEST_PAUSE_MS = { quarantined: 7_200_000, other: 120_000 };

/** What one sweeper remembers between its rounds. */
export interface SweeperMemory {
  /** Since when database and broker have responded without a break; null while they do not. */
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

/** One round. Throws where database or broker do not respond. */
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
  let requeued = 0;
  // while something was down nobody could renew a lease: after a break everyone gets the time to do so
  if (healthyMs >= context.config.LEASE_SECONDS * 1000)
    requeued += await requeueExpiredLeases(context, databaseTime);
  if (healthyMs >= QUEUED_GRACE_MS) requeued += await requeueUndelivered(context, earlier, ready);
  const agree = Math.abs(now - databaseTime) <= MAX_SKEW_MS;
  if (agree) requeued += await makeDue(context, now);
  if (requeued > 0) context.signals.tasksWaiting();
  for (const videoId of await findStuckVideos(context, earlier)) {
    if (await resolveStuckVideo(context, videoId)) onComplete();
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
  if (count > 0) logger.warn({ count }, 'tasks due now that would have waited for longer than any pause');
  return count;
}

/**
 * Publishes queued tasks anew that the broker cannot have any more: more rows say `queued` than messages are ready.
 * Which of them are missing is not known; a message too many is refused by its old token.
 */
export async function requeueUndelivered(context: FarmContext, now: number, ready: number): Promise<number> {
  const { models } = context.database;
  const olderThan = (ms: number) => ({ updatedAt: { [Op.lt]: new Date(now - ms) } });
  const waiting = await models.Task.count({ where: { state: 'queued', ...olderThan(QUEUED_GRACE_MS) } });
  const count = await transitionTasks(models, 'pending', {
    from: ['queued'],
    where: olderThan(waiting > ready ? QUEUED_GRACE_MS : QUEUED_LIMIT_MS),
    values: { availableAt: new Date(now) },
  });
  if (count > 0)
    context.logger.warn({ tasks: count, ready }, 'queued tasks missing from the queue, published again');
  return count;
}

/**
 * A queue that does not outlive its process starts empty: everything that was in it is planned anew. What was in work
 * lost its worker, and may be what ended the last process.
 */
export async function requeueAll(context: FarmContext): Promise<void> {
  const { models } = context.database;
  const running = await models.Task.findAll({ where: { state: 'running' }, attributes: REQUEUE_COLUMNS });
  for (const task of running) await requeueLost(context, task, { keepToken: false });
  const queued = await transitionTasks(models, 'pending', {
    from: ['queued'],
    where: {},
    values: { ...UNLEASED, availableAt: new Date() },
  });
  const count = running.length + queued;
  if (count > 0) context.logger.info({ tasks: count }, 'unfinished tasks of the last run requeued');
}

async function findStuckVideos(context: FarmContext, now: number): Promise<number[]> {
  const states = OPEN_TASK_STATES.map((state) => `'${state}'`).join(', ');
  const open = literal(`(SELECT video_id FROM tasks WHERE state IN (${states}))`);
  const videos = await context.database.models.Video.findAll({
    attributes: ['id'],
    where: {
      status: 'transcoding',
      phase: { [Op.ne]: 'finalizing' },
      updatedAt: { [Op.lt]: new Date(now - STUCK_MS) },
      id: { [Op.notIn]: open },
    },
  });
  return videos.map(({ id }) => id);
}

/** Returns whether the video has everything and only needs to be published. */
async function resolveStuckVideo(context: FarmContext, videoId: number): Promise<boolean> {
  const { database, metrics } = context;
  const { models } = database;
  const outcome = await database.transaction(async (transaction) => {
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
  if (outcome !== 'gone') {
    context.logger.error({ video_id: videoId, outcome }, 'video without an open task');
    context.signals.videoChanged(videoId);
  }
  return outcome === 'complete';
}

async function watchWorkers(context: FarmContext, memory: SweeperMemory, now: number): Promise<void> {
  const { Worker } = context.database.models;
  const heardOf = { lastSeenAt: { [Op.gte]: new Date(now - WORKER_RETENTION_MS) } };
  for (const worker of await Worker.findAll({ where: heardOf })) {
    const lost = farmStateOf(worker, new Date(now)) === 'lost';
    if (lost && !memory.lostWorkers.has(worker.id)) {
      context.logger.warn({ worker_id: worker.id, last_seen_at: worker.lastSeenAt }, 'worker lost');
    }
    if (lost) memory.lostWorkers.add(worker.id);
    else memory.lostWorkers.delete(worker.id);
  }
}
