import type { MediaFacts } from '@reelmill/shared/contracts/media.ts';
import type { WorkerEvent } from '@reelmill/shared/contracts/tasks.ts';
import { attemptTag } from '@reelmill/shared/core/objectKeys.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { literal } from 'sequelize';
import { withNotices } from '../catalog/notices.ts';
import type { FarmContext } from '../context/farmContext.ts';
import type { TaskRow } from '../db/rows.ts';
import { transitionTask } from '../db/transitions.ts';
import { pauseAfterDecline } from '../state/retryPolicy.ts';
import { savePlan } from '../transcode/planTasks.ts';
import { findFalseReport } from './checkReport.ts';
import { applyFailure, failTask, type TaskError } from './failures.ts';
import {
  checkComplete,
  isThorough,
  type LeasedTask,
  logFieldsOf,
  NOTHING_MORE,
  type OutcomeEffects,
  planChange,
  withLeased,
} from './leasedTask.ts';
import { requeueLost, shortenLease, UNLEASED } from './leases.ts';
import { replaceDamaged } from './listedSegments.ts';
import { recordTaskMetrics } from './taskMetrics.ts';

type EventOf<T extends WorkerEvent['type']> = Extract<WorkerEvent, { type: T }>;

const OLD_WORKER_PAUSE_MS = 15_000;
/** Columns of a task whose delivery was counted, and does not count after all. */
const UNCOUNTED = { deliveries: literal('deliveries - 1') };

/** A task is done: its result is saved; an inspection is followed by the plan. */
export async function applyDone(
  context: FarmContext,
  event: EventOf<'done'>,
): Promise<OutcomeEffects | null> {
  return withLeased(context, event, async (leased) => {
    const { task } = leased;
    const { result } = event;
    if (result.kind !== task.kind) {
      return failTask(leased, internalFault(`a result of ${result.kind} for a task of ${task.kind}`));
    }
    if (wasPutElsewhere(event)) return releaseTask(leased, OLD_WORKER_PAUSE_MS, UNCOUNTED);
    const error = findFault(task, event) ?? (await useResult(leased, result));
    // another worker may do better
    if (error !== null) return applyFailure(leased, error);
    await saveDone(leased, event);
    return result.kind === 'inspect' ? NOTHING_MORE : checkComplete(leased);
  });
}

/** An attempt at a task failed: it is retried later, planned again, or fails with its video. */
export async function applyFailed(
  context: FarmContext,
  event: EventOf<'failed'>,
): Promise<OutcomeEffects | null> {
  return withLeased(context, event, async (leased) => {
    if (event.error.code === 'output_damaged') await replaceDamaged(leased, event.leaseToken);
    return applyFailure(leased, event.error);
  });
}

/**
 * A worker that stops released the task: it goes to another at once, and this was no attempt. One that was delivered
 * again after somebody began it has lost its worker, or that worker is only cut off.
 */
export async function applyReleased(
  context: FarmContext,
  event: EventOf<'released'>,
): Promise<OutcomeEffects | null> {
  return withLeased(context, event, async (leased) => {
    const declines = leased.task.declines + 1;
    // left to another worker, which may still be busy; nobody began it
    if (event.declined) return releaseTask(leased, pauseAfterDecline(declines), { declines });
    if (event.redelivered && leased.task.state !== 'queued') return applyRedelivery(leased, event);
    return releaseTask(leased, 0, event.redelivered ? {} : UNCOUNTED);
  });
}

async function releaseTask(
  { context, task, transaction }: LeasedTask,
  pauseMs: number,
  columns: Partial<typeof UNCOUNTED> | Pick<TaskRow, 'declines'>,
): Promise<OutcomeEffects> {
  transaction.afterCommit(() => context.metrics.taskReleased(task.kind));
  const availableAt = new Date(Date.now() + pauseMs);
  await transitionTask(task, 'pending', { ...UNLEASED, ...columns, availableAt }, transaction);
  return NOTHING_MORE;
}

/**
 * The queue delivered a task again that is running: its worker has lost the connection, and mostly its life. Where the
 * same worker got it again there is no doubt; elsewhere the lease ends soon unless it is renewed.
 */
async function applyRedelivery(
  { context, task, transaction }: LeasedTask,
  event: EventOf<'released'>,
): Promise<OutcomeEffects> {
  if (task.state === 'running') {
    if (task.workerId === event.workerId) await requeueLost(context, task, { keepToken: false, transaction });
    else await shortenLease(task, transaction);
  }
  return NOTHING_MORE;
}

/**
 * Whether a worker of an earlier version, or with a message of an earlier server, has put its objects under keys without
 * its tag, where nobody looks for them: during an upgrade servers are replaced before workers. The task waits for a worker
 * that knows better.
 */
function wasPutElsewhere({ result }: EventOf<'done'>): boolean {
  return result.kind !== 'inspect' && result.tag === undefined;
}

/** Why the result of a task does not count; null where it does. */
function findFault(task: TaskRow, event: EventOf<'done'>): TaskError | null {
  const { spec, videoId } = task;
  const fault = findFalseReport({ spec, videoId, tag: attemptTag(event) }, event.result);
  if (fault !== null) return { ...internalFault(`the result names ${fault}`), retryable: true };
  return isWithoutSound(task, event) ? SOUND_REFUSED : null;
}

/** Sound that was planned and is not there was refused by its decoder: a verdict like any other. */
function isWithoutSound({ spec }: TaskRow, { result }: Pick<EventOf<'done'>, 'result'>): boolean {
  const isMissing = result.kind === 'audio' && result.rendition === null;
  return isMissing && spec.kind === 'audio' && spec.plan.audio !== null;
}

/** Writes what the video has of a result. Returns why it does not count after all; null where it does. */
async function useResult(leased: LeasedTask, result: EventOf<'done'>['result']): Promise<TaskError | null> {
  const { transaction, video } = leased;
  if (result.kind === 'inspect') return planInspected(leased, result.facts);
  if (result.kind === 'images') {
    const { coverKey, storyboardKey } = result;
    await video.update({ coverKey, storyboardKey }, { transaction });
  } else if (result.notices !== undefined && result.notices.length > 0) {
    await video.update(withNotices(video, result.notices), { transaction });
  }
  return null;
}

/** Plans the video. Returns why it cannot be; null where it is. */
async function planInspected(leased: LeasedTask, facts: MediaFacts): Promise<TaskError | null> {
  try {
    const thorough = isThorough(leased.task);
    // a worker of an earlier version does not know what it is asked for: asked once is enough
    await savePlan({
      ...planChange(leased),
      facts: thorough ? { ...facts, thorough } : facts,
      again: thorough,
    });
    return null;
  } catch (error) {
    if (!(error instanceof ReelmillError) || error.retryable) throw error;
    // what cannot be planned is the file's fault as one worker read it: the facts of another may be others
    const { code, message } = error;
    return { code, message, retryable: false, diagnostics: error.diagnostics ?? null };
  }
}

async function saveDone({ context, task, transaction }: LeasedTask, event: EventOf<'done'>): Promise<void> {
  const { result, elapsedMs, workerId } = event;
  const values = {
    result,
    workerId,
    unitsDone: task.unitsTotal,
    segmentsDone: countSegments(event),
    leaseExpiresAt: null,
    finishedAt: new Date(),
  };
  await transitionTask(task, 'done', values, transaction);
  transaction.afterCommit(() => {
    recordTaskMetrics(context.metrics, task, result, elapsedMs / 1000);
    context.logger.info({ ...logFieldsOf(task), duration_ms: Math.round(elapsedMs) }, 'task done');
  });
}

function countSegments({ result }: EventOf<'done'>): number {
  if (result.kind === 'encode') return result.renditions[0]?.segments.length ?? 0;
  return result.kind === 'audio' ? (result.rendition?.segments.length ?? 0) : 0;
}

function internalFault(message: string): TaskError {
  return { code: 'internal', message, retryable: false, diagnostics: null };
}

const SOUND_REFUSED: TaskError = {
  code: 'undecodable',
  message: 'The sound cannot be decoded.',
  retryable: false,
  diagnostics: null,
};
