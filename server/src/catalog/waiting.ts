import type { Waiting, WaitingReason } from '@reelmill/shared/contracts/videos.ts';
import { col, fn, Op } from 'sequelize';
import type { Models } from '../db/models.ts';
import type { VideoRow } from '../db/rows.ts';
import { QUARANTINE_AFTER_LEASES, WAITING_AFTER_FAULTS, waitingReasonOf } from '../state/retryPolicy.ts';
import { findLiveWorkers } from '../workers/liveWorkers.ts';

/** A worker that restarts is missing for a moment. */
const WORKER_GRACE_MS = 10_000;
const NOT_STARTED = ['pending', 'queued'] as const;

/** The tasks of the current plans of some videos. */
interface TasksOf {
  [Op.or]: { videoId: number; planVersion: number }[];
}

interface Obstacle {
  videoId: number;
  reason: WaitingReason;
  since: Date;
}

/**
 * Returns what transcoding videos wait for, by their ids: farm faults ended the last attempts of a task, or there is no
 * worker. Leaves out videos with a running task and those that only wait for their turn.
 */
export async function findWaiting(
  models: Models,
  videos: readonly Pick<VideoRow, 'id' | 'planVersion'>[],
  now: Date,
): Promise<Map<number, Waiting>> {
  const tasks: TasksOf = { [Op.or]: videos.map(({ id, planVersion }) => ({ videoId: id, planVersion })) };
  const hasWorkers = (await findLiveWorkers(models, now)).length > 0;
  const obstacles = await findBlocked(models, tasks, hasWorkers ? WAITING_AFTER_FAULTS : 1);
  if (!hasWorkers) obstacles.push(...(await findWithoutWorker(models, tasks, now)));
  if (obstacles.length === 0) return new Map();
  const running = await models.Task.findAll({
    attributes: ['videoId'],
    where: { [Op.and]: [tasks, { state: 'running' }] },
    group: ['video_id'],
  });
  const isRunning = new Set(running.map(({ videoId }) => videoId));
  const waiting = new Map<number, Waiting>();
  for (const { videoId, reason, since } of obstacles) {
    if (isRunning.has(videoId) || waiting.has(videoId)) continue;
    waiting.set(videoId, { since: since.toISOString(), reason_code: reason });
  }
  return waiting;
}

/** Returns videos that farm faults block, the one that waits longest first. */
async function findBlocked(models: Models, tasks: TasksOf, minFaults: number): Promise<Obstacle[]> {
  const rows = await models.Task.findAll({
    attributes: ['videoId', 'errorCode', [fn('min', col('waiting_since')), 'waitingSince']],
    where: {
      [Op.and]: [
        tasks,
        { state: [...NOT_STARTED], waitingSince: { [Op.not]: null } },
        {
          [Op.or]: [
            { farmFaults: { [Op.gte]: minFaults } },
            { lostLeases: { [Op.gte]: QUARANTINE_AFTER_LEASES } },
          ],
        },
      ],
    },
    group: ['video_id', 'error_code'],
    order: [[fn('min', col('waiting_since')), 'ASC']],
  });
  return rows.flatMap(({ videoId, errorCode, waitingSince }) => {
    const reason = (errorCode === null ? null : waitingReasonOf(errorCode)) ?? 'worker';
    return waitingSince === null ? [] : [{ videoId, reason, since: readTime(waitingSince) }];
  });
}

/** Returns videos that wait while there is no worker. */
async function findWithoutWorker(models: Models, tasks: TasksOf, now: Date): Promise<Obstacle[]> {
  const rows = await models.Task.findAll({
    attributes: ['videoId', [fn('min', col('available_at')), 'availableAt']],
    where: { [Op.and]: [tasks, { state: [...NOT_STARTED] }] },
    group: ['video_id'],
  });
  return rows
    .map(({ videoId, availableAt }) => ({ videoId, reason: 'worker' as const, since: readTime(availableAt) }))
    .filter(({ since }) => now.getTime() - since.getTime() >= WORKER_GRACE_MS);
}

/** SQLite returns an aggregate of dates as text. */
function readTime(value: Date | string): Date {
  return new Date(value);
}
