import { type ErrorCode, faultOf } from '@reelmill/shared/contracts/errors.ts';
import type { WorkerEvent } from '@reelmill/shared/contracts/tasks.ts';
import { attemptTag } from '@reelmill/shared/core/objectKeys.ts';
import {
  decideAfterFailure,
  type FailureDecision,
  isDispensable,
  isPlanMismatch,
  OPEN_TASK_STATES,
  pauseAfterDecline,
} from '@reelmill/shared/core/videoState.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { taskLogFields } from '@reelmill/shared/runtime/logFields.ts';
import { literal, type Transaction } from 'sequelize';
import { withNotice, withNotices } from '../catalog/notices.ts';
import type { FarmContext } from '../context/farmContext.ts';
import type { TaskRow, VideoRow } from '../db/rows.ts';
import type { Revocation } from '../transcode/cancelTasks.ts';
import { expectLateObjects } from '../transcode/cleanUp.ts';
import { creatorMessage } from '../transcode/creatorMessage.ts';
import { failTranscode } from '../transcode/lifecycle.ts';
import { inspectThoroughly, planAsSingleChunk, savePlan } from '../transcode/planTasks.ts';
import { findFalseReport } from './checkReport.ts';
import { lockLeased, requeueLost, revokeLeases, type TaskEvent, UNLEASED } from './leases.ts';
import { replaceDamaged } from './listedSegments.ts';
import { recordTaskMetrics } from './taskMetrics.ts';

type EventOf<T extends WorkerEvent['type']> = Extract<WorkerEvent, { type: T }>;
export interface TaskError {
  code: ErrorCode;
  message: string;
  retryable: boolean;
  diagnostics: string | null;
}

/** What follows an outcome once it is committed; null where the event came too late to change anything. */
export interface OutcomeEffects {
  /** Leases of other tasks that ended with this one. */
  revoked: Revocation[];
  /** Whether every task of the video has finished. */
  complete: boolean;
}

const OLD_WORKER_PAUSE_MS = 15_000;
const NOTHING_MORE: OutcomeEffects = { revoked: [], complete: false };

/** What the transaction of one outcome works with. */
interface LeasedTask {
  context: FarmContext;
  transaction: Transaction;
  video: VideoRow;
  task: TaskRow;
  /** Who reported it. */
  workerId: string;
}

/** A task is done: its result is saved; an inspection is followed by the plan. */
export async function applyDone(
  context: FarmContext,
  event: EventOf<'done'>,
): Promise<OutcomeEffects | null> {
  return withLeased(context, event, async (leased) => {
    const { task, transaction, video } = leased;
    const { result, elapsedMs } = event;
    if (result.kind !== task.kind) {
      return failTask(leased, internalFault(`a result of ${result.kind} for a task of ${task.kind}`));
    }
    if (wasPutElsewhere(event)) return handBack(leased, { pauseMs: OLD_WORKER_PAUSE_MS, began: true });
    const fault = findFalseReport({ spec: task.spec, videoId: task.videoId, tag: attemptTag(event) }, result);
    // another worker may do better
    if (fault !== null) return afterFailure(leased, falseReport(fault));
    if (isWithoutSound(task, event)) return afterFailure(leased, SOUND_REFUSED);
    await task.update(
      {
        state: 'done',
        result,
        workerId: event.workerId,
        unitsDone: task.unitsTotal,
        segmentsDone: countSegments(event),
        leaseExpiresAt: null,
        finishedAt: new Date(),
      },
      { transaction },
    );
    transaction.afterCommit(() => {
      // an inspection whose video cannot be planned has failed by then
      if (task.state !== 'done') return;
      recordTaskMetrics(context.metrics, task, result, elapsedMs / 1000);
      context.logger.info({ ...logFieldsOf(task), duration_ms: Math.round(elapsedMs) }, 'a task is done');
    });
    if (result.kind === 'inspect') return planInspected(leased, result.facts);
    if (result.kind !== 'images' && result.notices !== undefined && result.notices.length > 0) {
      await video.update(withNotices(video, result.notices), { transaction });
    }
    if (result.kind === 'images') {
      await video.update({ coverKey: result.coverKey, storyboardKey: result.storyboardKey }, { transaction });
    }
    return checkComplete(leased);
  });
}

/** A try of a task failed: it is tried again later, planned anew, or given up with the video. */
export async function applyFailed(
  context: FarmContext,
  event: EventOf<'failed'>,
): Promise<OutcomeEffects | null> {
  return withLeased(context, event, async (leased) => {
    if (event.error.code === 'output_damaged') await replaceDamaged(leased, event.leaseToken);
    return afterFailure(leased, event.error);
  });
}

/**
 * A worker that stops gave the task back: it goes to another at once, and this was no try. One that was delivered again
 * after somebody began it has lost its worker, or that worker is only cut off.
 */
export async function applyHandedBack(
  context: FarmContext,
  event: EventOf<'handed_back'>,
): Promise<OutcomeEffects | null> {
  return withLeased(context, event, async (leased) => {
    if (event.declined) return afterDecline(leased);
    if (event.redelivered && leased.task.state !== 'queued') return afterRedelivery(leased, event);
    return handBack(leased, { pauseMs: 0, began: !event.redelivered });
  });
}

/** `began`: the delivery was counted, and does not count after all. */
async function handBack(
  { context, task, transaction }: LeasedTask,
  { pauseMs, began }: { pauseMs: number; began: boolean },
): Promise<OutcomeEffects> {
  transaction.afterCommit(() => context.metrics.taskReleased(task.kind));
  const availableAt = new Date(Date.now() + pauseMs);
  const uncounted = began ? { deliveries: literal('deliveries - 1') } : {};
  await task.update({ ...UNLEASED, ...uncounted, state: 'pending', availableAt }, { transaction });
  return NOTHING_MORE;
}

/** The worker leaves the task to another, which may still be busy. Nobody began it. */
async function afterDecline({ context, task, transaction }: LeasedTask): Promise<OutcomeEffects> {
  transaction.afterCommit(() => context.metrics.taskReleased(task.kind));
  const declines = task.declines + 1;
  const availableAt = new Date(Date.now() + pauseAfterDecline(declines));
  await task.update({ ...UNLEASED, declines, state: 'pending', availableAt }, { transaction });
  return NOTHING_MORE;
}

/** Sound that was planned and is not there was refused by its decoder: a verdict like any other. */
function isWithoutSound({ spec }: TaskRow, { result }: Pick<EventOf<'done'>, 'result'>): boolean {
  const isMissing = result.kind === 'audio' && result.rendition === null;
  return isMissing && spec.kind === 'audio' && spec.plan.audio !== null;
}

/**
 * Whether a worker of an earlier version, or with a message of an earlier server, has put its objects under keys without
 * its tag, where nobody looks for them: during an upgrade servers are replaced before workers. The task waits for a worker
 * that knows better.
 */
function wasPutElsewhere({ result }: EventOf<'done'>): boolean {
  return result.kind !== 'inspect' && result.tag === undefined;
}

/** How long a worker that lost its connection may take to be heard of again before its task goes to another. */
const REDELIVERY_GRACE_MS = 10_000;

/**
 * The queue delivered a task again that is running: its worker has lost the connection, and mostly its life. Where the
 * same worker got it again there is no doubt; elsewhere the lease ends soon unless it is renewed.
 */
async function afterRedelivery(leased: LeasedTask, event: EventOf<'handed_back'>): Promise<OutcomeEffects> {
  const { context, task, transaction } = leased;
  if (task.state !== 'running') return NOTHING_MORE;
  if (task.workerId === event.workerId) {
    await requeueLost(context, task, { keepToken: false, transaction });
    return NOTHING_MORE;
  }
  const soon = new Date(Date.now() + REDELIVERY_GRACE_MS);
  if (task.leaseExpiresAt === null || task.leaseExpiresAt > soon) {
    await task.update({ leaseExpiresAt: soon }, { transaction });
  }
  return NOTHING_MORE;
}

async function withLeased(
  context: FarmContext,
  event: TaskEvent,
  change: (leased: LeasedTask) => Promise<OutcomeEffects>,
): Promise<OutcomeEffects | null> {
  const effects = await context.database.transaction(async (transaction) => {
    const leased = await lockLeased(context.database.models, event, transaction);
    const { workerId } = event;
    return leased === null ? null : change({ context, transaction, workerId, ...leased });
  });
  if (effects === null) await expectLateObjects(context.database.models, event.videoId);
  else {
    context.signals.tasksWaiting();
    context.signals.videoChanged(event.videoId);
    await revokeLeases(context, effects.revoked);
  }
  return effects;
}

async function afterFailure(leased: LeasedTask, error: TaskError): Promise<OutcomeEffects> {
  const { context, task, workerId } = leased;
  if (isPlanMismatch(error.code) && task.kind !== 'inspect') {
    const effects = await planAgain(leased, error);
    if (effects !== null) return effects;
  }
  const { attempt, programDeaths, farmFaults, damagedTries, verdicts } = task;
  const tries = { attempt, programDeaths, farmFaults, damagedTries, verdicts: verdicts ?? [] };
  const maxAttempts = context.config.TASK_ATTEMPTS;
  const decision = decideAfterFailure(tries, { ...error, workerId }, { maxAttempts });
  return decision.next === 'give_up' ? failTask(leased, error) : tryAgain(leased, error, decision);
}

const RETRY_EVENTS = {
  retry: 'a task is tried again',
  second_opinion: 'second opinion on media requested',
  wait: 'task waits for the farm',
};

async function tryAgain(
  { context, task, transaction, workerId }: LeasedTask,
  error: TaskError,
  { next, tries, pauseMs }: Exclude<FailureDecision, { next: 'give_up' }>,
): Promise<OutcomeEffects> {
  transaction.afterCommit(() => context.metrics.taskFailed(task.kind, error.code, 'retried'));
  const fields = { ...logFieldsOf(task), code: error.code, worker_id: workerId, pause_ms: pauseMs };
  context.logger.warn(fields, RETRY_EVENTS[next]);
  await task.update(
    {
      ...UNLEASED,
      ...errorColumns(error),
      ...tries,
      state: 'pending',
      verdicts: tries.verdicts.length === 0 ? null : tries.verdicts,
      failedWorkerId: workerId,
      declines: 0,
      // whoever fails in an orderly way was not killed by it
      lostLeases: 0,
      waitingSince: next === 'wait' ? (task.waitingSince ?? new Date()) : null,
      availableAt: new Date(Date.now() + pauseMs),
      // an inspection that cannot be planned was done
      result: null,
      finishedAt: null,
    },
    { transaction },
  );
  return NOTHING_MORE;
}

async function failTask(leased: LeasedTask, error: TaskError): Promise<OutcomeEffects> {
  const { context, task, transaction, video } = leased;
  await saveFailure(leased, error);
  context.logger.warn({ ...logFieldsOf(task), err: error }, 'a task is given up');
  if (isThorough(task) && faultOf(error.code) !== 'media') {
    // whatever keeps everything from being read (its time) may not keep the video from being made
    const revoked = await planAsSingleChunk({ ...planChange(leased), thorough: true });
    if (revoked !== null) return { revoked, complete: false };
  }
  if (isDispensable(task.kind, error.code)) {
    if (task.kind === 'audio') {
      await video.update(withNotice(video, { code: 'audio_left_out', reason: error.code }), { transaction });
    }
    return checkComplete(leased);
  }
  const { models } = context.database;
  const failure = { code: error.code, message: creatorMessage(error), diagnostics: diagnosticsOf(error) };
  const revoked = await failTranscode({ models, transaction, video, failure, metrics: context.metrics });
  return { revoked: revoked ?? [], complete: false };
}

async function planInspected(
  leased: LeasedTask,
  facts: Parameters<typeof savePlan>[0]['facts'],
): Promise<OutcomeEffects> {
  try {
    const thorough = isThorough(leased.task);
    // a worker of an earlier version does not know what it is asked for: asked once is enough
    await savePlan({
      ...planChange(leased),
      facts: thorough ? { ...facts, thorough } : facts,
      again: thorough,
    });
  } catch (error) {
    if (!(error instanceof ReelmillError) || error.retryable) throw error;
    // what cannot be planned is the file's fault as one worker read it: the facts of another may be others
    const { code, message } = error;
    return afterFailure(leased, { code, message, retryable: false, diagnostics: error.diagnostics ?? null });
  }
  return NOTHING_MORE;
}

/**
 * What follows where a plan does not fit its source: the source is read as a whole and planned again; then it is planned
 * as one chunk. Null, and nothing is changed, where both are done already.
 */
async function planAgain(leased: LeasedTask, error: TaskError): Promise<OutcomeEffects | null> {
  const { context, task } = leased;
  const inspected = await inspectThoroughly(planChange(leased));
  const revoked = inspected ?? (await planAsSingleChunk(planChange(leased)));
  if (revoked === null) return null;
  await saveFailure(leased, error);
  const event = inspected === null ? 'planned again as one chunk' : 'plan does not fit, thorough inspection';
  context.logger.warn({ ...logFieldsOf(task), err: error }, event);
  return { revoked: revoked.filter(({ taskId }) => taskId !== task.id), complete: false };
}

function isThorough({ spec }: TaskRow): boolean {
  return spec.kind === 'inspect' && spec.thorough === true;
}

async function saveFailure({ context, task, transaction }: LeasedTask, error: TaskError): Promise<void> {
  transaction.afterCommit(() => context.metrics.taskFailed(task.kind, error.code, 'exhausted'));
  await task.update(
    { state: 'failed', ...errorColumns(error), leaseExpiresAt: null, finishedAt: new Date() },
    { transaction },
  );
}

function planChange({ context, transaction, video, task }: LeasedTask) {
  return {
    models: context.database.models,
    transaction,
    video,
    requestId: task.requestId,
    chunkSeconds: context.config.CHUNK_SECONDS,
  };
}

async function checkComplete({ context, transaction, video }: LeasedTask): Promise<OutcomeEffects> {
  const open = await context.database.models.Task.count({
    where: { videoId: video.id, planVersion: video.planVersion, state: [...OPEN_TASK_STATES] },
    transaction,
  });
  if (open > 0) return NOTHING_MORE;
  await video.update({ phase: 'finalizing' }, { transaction });
  return { revoked: [], complete: true };
}

function countSegments({ result }: EventOf<'done'>): number {
  if (result.kind === 'encode') return result.renditions[0]?.segments.length ?? 0;
  return result.kind === 'audio' ? (result.rendition?.segments.length ?? 0) : 0;
}

function logFieldsOf({ id, videoId, requestId, kind, attempt }: TaskRow) {
  // the row counts the tries that failed
  return taskLogFields({ taskId: id, videoId, requestId, kind, attempt: attempt + 1 });
}

function errorColumns(error: TaskError) {
  return {
    errorCode: error.code,
    errorMessage: error.message,
    errorDiagnostics: error.diagnostics,
  };
}

function diagnosticsOf({ message, diagnostics }: TaskError): string {
  return diagnostics === null ? message : `${message}\n${diagnostics}`;
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

function falseReport(fault: string): TaskError {
  return { code: 'internal', message: `the result names ${fault}`, retryable: true, diagnostics: null };
}
