import type { Farm, FarmWorker } from '@reelmill/shared/contracts/admin.ts';
import { farmStateOf } from '@reelmill/shared/core/workerHealth.ts';
import type { QueueDepth } from '@reelmill/shared/ports/jobQueue.ts';
import { reasonOf } from '@reelmill/shared/runtime/dependencies.ts';
import { withTimeout } from '@reelmill/shared/runtime/timeout.ts';
import type { ServerContext } from '../context/serverContext.ts';
import type { Models } from '../db/models.ts';
import type { TaskRow, WorkerRow } from '../db/rows.ts';
import { findStoppedJobs } from '../maintenance/stoppedJobs.ts';
import { estimateDrain } from './drain.ts';
import {
  countDoneSince,
  countTasks,
  findBacklog,
  findOldestPending,
  findQuarantined,
  findRecentFailures,
  findRunningTasks,
  findSpeeds,
  findWaitingTasks,
  findWorkers,
  WITHOUT_LARGE_COLUMNS,
} from './farmRepository.ts';

const QUEUE_TIMEOUT_MS = 2_000;
const THROUGHPUT_SECONDS = 600;

/** The farm as an admin sees it. */
export async function readFarm(context: ServerContext): Promise<Farm> {
  const { models } = context.database;
  const now = new Date();
  const [
    queue,
    tasks,
    oldest,
    done,
    workers,
    running,
    failures,
    quarantined,
    waiting,
    backlog,
    speeds,
    stopped,
  ] = await Promise.all([
    readDepth(context),
    countTasks(models),
    findOldestPending(models, now),
    countDoneSince(models, new Date(now.getTime() - THROUGHPUT_SECONDS * 1000)),
    findWorkers(models, now),
    findRunningTasks(models),
    findRecentFailures(models),
    findQuarantined(models),
    findWaitingTasks(models),
    findBacklog(models),
    findSpeeds(models),
    findStoppedJobs(models),
  ]);
  const working = workers.filter((worker) => ['idle', 'busy'].includes(farmStateOf(worker, now))).length;
  const { drainSeconds, suggestedReplicas } = estimateDrain(backlog, speeds, working);
  const byId = new Map(running.map((task) => [task.id, task]));
  return {
    queue: queue && { ready: queue.ready, consumers: queue.consumers, dead_letters: queue.deadLetters },
    tasks,
    oldest_pending_seconds: oldest && Math.max(0, (now.getTime() - oldest.getTime()) / 1000),
    throughput: { tasks: done, seconds: THROUGHPUT_SECONDS },
    workers: workers.map((worker) => serializeWorker(worker, byId.get(worker.taskId ?? -1), now)),
    running: running.map(serializeTask),
    recent_failures: failures.map(serializeTask),
    quarantined: quarantined.map(serializeTask),
    stopped_jobs: stopped,
    waiting: waiting.map(serializeTask),
    drain_seconds: drainSeconds,
    suggested_replicas: suggestedReplicas,
    scale_command: `docker compose up -d --scale worker=${suggestedReplicas}`,
  };
}

/** Null while the broker does not respond: the rest of the farm is worth seeing all the more. */
export async function readDepth({ queue, logger }: ServerContext): Promise<QueueDepth | null> {
  try {
    return await withTimeout(queue.depth(), QUEUE_TIMEOUT_MS, 'the broker');
  } catch (error) {
    logger.warn({ reason: reasonOf(error) }, 'depth of the queue unknown');
    return null;
  }
}

/** One worker, as it is in the farm. */
export async function readFarmWorker(models: Models, worker: WorkerRow, now: Date): Promise<FarmWorker> {
  const task =
    worker.taskId === null
      ? null
      : await models.Task.findOne({
          where: { id: worker.taskId, state: 'running' },
          attributes: WITHOUT_LARGE_COLUMNS,
        });
  return serializeWorker(worker, task ?? undefined, now);
}

function serializeWorker(worker: WorkerRow, task: TaskRow | undefined, now: Date): FarmWorker {
  return {
    worker_id: worker.id,
    host: worker.host,
    state: farmStateOf(worker, now),
    cpus: worker.cpus,
    version: worker.version,
    started_at: worker.startedAt.toISOString(),
    last_seen_at: worker.lastSeenAt.toISOString(),
    reason: worker.reason,
    ...(worker.confinement === null ? {} : { confinement: worker.confinement }),
    ...(worker.ffmpegVersion === null ? {} : { ffmpeg_version: worker.ffmpegVersion }),
    task:
      task === undefined
        ? null
        : {
            task_id: task.id,
            video_id: task.videoId,
            kind: task.kind,
            progress: task.unitsTotal > 0 ? Math.min(100, (100 * task.unitsDone) / task.unitsTotal) : 0,
            speed: task.speed,
          },
  };
}

export function serializeTask(task: TaskRow): Farm['running'][number] {
  return {
    task_id: task.id,
    video_id: task.videoId,
    kind: task.kind,
    position: task.position,
    state: task.state,
    attempt: task.attempt,
    lost_leases: task.lostLeases,
    farm_faults: task.farmFaults,
    worker_id: task.workerId,
    error:
      task.errorCode === null
        ? null
        : { code: task.errorCode, message: task.errorMessage ?? '', diagnostics: task.errorDiagnostics },
    available_at: task.availableAt.toISOString(),
    updated_at: task.updatedAt.toISOString(),
  };
}
