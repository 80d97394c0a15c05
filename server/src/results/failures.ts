import { type ErrorCode, faultOf, isPlanMismatch } from '@reelmill/shared/contracts/errors.ts';
import { withNotice } from '../catalog/notices.ts';
import { transitionTask } from '../db/transitions.ts';
import { decideAfterFailure, type FailureDecision, isDispensable } from '../state/retryPolicy.ts';
import { creatorMessage } from '../transcode/creatorMessage.ts';
import { failTranscode } from '../transcode/lifecycle.ts';
import { canBePlannedAgain, inspectThoroughly, planAsSingleChunk } from '../transcode/planTasks.ts';
import {
  checkComplete,
  isThorough,
  type LeasedTask,
  logFieldsOf,
  NOTHING_MORE,
  type OutcomeEffects,
  planChange,
} from './leasedTask.ts';
import { UNLEASED } from './leases.ts';

export interface TaskError {
  code: ErrorCode;
  message: string;
  retryable: boolean;
  diagnostics: string | null;
}

/** An attempt at a task failed: its video is planned again, or the task is retried later, or fails. */
export async function applyFailure(leased: LeasedTask, error: TaskError): Promise<OutcomeEffects> {
  const { context, task, video, workerId } = leased;
  if (isPlanMismatch(error.code) && task.kind !== 'inspect' && canBePlannedAgain(video)) {
    return planAgain(leased, error);
  }
  const { attempt, programDeaths, farmFaults, damagedTries, verdicts } = task;
  const counts = { attempt, programDeaths, farmFaults, damagedTries, verdicts: verdicts ?? [] };
  const maxAttempts = context.config.TASK_ATTEMPTS;
  const decision = decideAfterFailure(counts, { ...error, workerId }, { maxAttempts });
  return decision.next === 'fail' ? failTask(leased, error) : retryLater(leased, error, decision);
}

/** The plan does not fit the source: that is read as a whole and planned again; then it is planned as one chunk. */
async function planAgain(leased: LeasedTask, error: TaskError): Promise<OutcomeEffects> {
  const { context, task } = leased;
  await saveFailure(leased, error);
  const inspected = await inspectThoroughly(planChange(leased));
  const revoked = inspected ?? (await planAsSingleChunk(planChange(leased))) ?? [];
  const event = inspected === null ? 'planned again as one chunk' : 'plan does not fit, thorough inspection';
  context.logger.warn({ ...logFieldsOf(task), err: error }, event);
  return { revoked, complete: false };
}

const RETRY_EVENTS = {
  retry: 'task retried',
  second_opinion: 'second opinion on media requested',
  wait: 'task waits for the farm',
};

async function retryLater(
  { context, task, transaction, workerId }: LeasedTask,
  error: TaskError,
  { next, counts, pauseMs }: Exclude<FailureDecision, { next: 'fail' }>,
): Promise<OutcomeEffects> {
  transaction.afterCommit(() => context.metrics.taskFailed(task.kind, error.code, 'retried'));
  const fields = { ...logFieldsOf(task), code: error.code, worker_id: workerId, pause_ms: pauseMs };
  context.logger.warn(fields, RETRY_EVENTS[next]);
  await transitionTask(
    task,
    'pending',
    {
      ...UNLEASED,
      ...errorColumns(error),
      ...counts,
      verdicts: counts.verdicts.length === 0 ? null : counts.verdicts,
      failedWorkerId: workerId,
      declines: 0,
      // whoever fails in an orderly way was not killed by it
      lostLeases: 0,
      waitingSince: next === 'wait' ? (task.waitingSince ?? new Date()) : null,
      availableAt: new Date(Date.now() + pauseMs),
    },
    transaction,
  );
  return NOTHING_MORE;
}

/** No attempt is left: the video is planned otherwise, does without the task, or fails with it. */
export async function failTask(leased: LeasedTask, error: TaskError): Promise<OutcomeEffects> {
  const { context, task } = leased;
  await saveFailure(leased, error);
  context.logger.warn({ ...logFieldsOf(task), err: error }, 'task failed');
  if (isThorough(task) && faultOf(error.code) !== 'media') {
    // whatever keeps everything from being read (its time) may not keep the video from being made
    const revoked = await planAsSingleChunk({ ...planChange(leased), thorough: true });
    if (revoked !== null) return { revoked, complete: false };
  }
  return isDispensable(task.kind, error.code) ? leaveOut(leased, error) : failVideo(leased, error);
}

async function saveFailure({ context, task, transaction }: LeasedTask, error: TaskError): Promise<void> {
  transaction.afterCommit(() => context.metrics.taskFailed(task.kind, error.code, 'exhausted'));
  const values = { ...errorColumns(error), leaseExpiresAt: null, finishedAt: new Date() };
  await transitionTask(task, 'failed', values, transaction);
}

async function leaveOut(leased: LeasedTask, { code }: TaskError): Promise<OutcomeEffects> {
  const { task, transaction, video } = leased;
  if (task.kind === 'audio') {
    await video.update(withNotice(video, { code: 'audio_left_out', reason: code }), { transaction });
  }
  return checkComplete(leased);
}

async function failVideo(
  { context, transaction, video }: LeasedTask,
  error: TaskError,
): Promise<OutcomeEffects> {
  const { models } = context.database;
  const { code, message } = error;
  const diagnostics = error.diagnostics === null ? message : `${message}\n${error.diagnostics}`;
  const failure = { code, message: creatorMessage(error), diagnostics };
  const revoked = await failTranscode({ models, transaction, video, failure, metrics: context.metrics });
  return { revoked: revoked ?? [], complete: false };
}

function errorColumns({ code, message, diagnostics }: TaskError) {
  return { errorCode: code, errorMessage: message, errorDiagnostics: diagnostics };
}
