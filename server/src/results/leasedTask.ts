import { taskLogFields } from '@reelmill/shared/runtime/logFields.ts';
import type { Transaction } from 'sequelize';
import type { FarmContext } from '../context/farmContext.ts';
import type { TaskRow, VideoRow } from '../db/rows.ts';
import { OPEN_TASK_STATES } from '../state/taskState.ts';
import type { Revocation } from '../transcode/cancelTasks.ts';
import { expectLateObjects } from '../transcode/cleanUp.ts';
import { lockLeased, revokeLeases, type TaskEvent } from './leases.ts';

/** What follows an outcome once it is committed. */
export interface OutcomeEffects {
  /** Leases of other tasks that ended with this one. */
  revoked: Revocation[];
  /** Whether every task of the video has finished. */
  complete: boolean;
}

export const NOTHING_MORE: OutcomeEffects = { revoked: [], complete: false };

/** What the transaction of one outcome works with. */
export interface LeasedTask {
  context: FarmContext;
  transaction: Transaction;
  video: VideoRow;
  task: TaskRow;
  /** Who reported it. */
  workerId: string;
}

/** Makes a change to the task of an event. Returns null, and changes nothing, where the event comes too late. */
export async function withLeased(
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

/** Lets the video be published where this was its last task. */
export async function checkComplete({ context, transaction, video }: LeasedTask): Promise<OutcomeEffects> {
  const open = await context.database.models.Task.count({
    where: { videoId: video.id, planVersion: video.planVersion, state: [...OPEN_TASK_STATES] },
    transaction,
  });
  if (open > 0) return NOTHING_MORE;
  await video.update({ phase: 'finalizing' }, { transaction });
  return { revoked: [], complete: true };
}

/** The part of a `PlanChange` that every outcome has. */
export function planChange({ context, transaction, video, task }: LeasedTask) {
  return {
    models: context.database.models,
    transaction,
    video,
    requestId: task.requestId,
    chunkSeconds: context.config.CHUNK_SECONDS,
  };
}

export function isThorough({ spec }: TaskRow): boolean {
  return spec.kind === 'inspect' && spec.thorough === true;
}

export function logFieldsOf({ id, videoId, requestId, kind, attempt }: TaskRow) {
  // the row counts the attempts that failed
  return taskLogFields({ taskId: id, videoId, requestId, kind, attempt: attempt + 1 });
}
