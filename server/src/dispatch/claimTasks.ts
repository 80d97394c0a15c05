import { randomUUID } from 'node:crypto';
import type { TaskMessage } from '@reelmill/shared/contracts/tasks.ts';
import { attemptTag } from '@reelmill/shared/core/objectKeys.ts';
import type { Models } from '../db/models.ts';
import type { TaskRow } from '../db/rows.ts';
import { transitionTasks } from '../db/transitions.ts';
import { selectExcludedWorkers } from '../state/retryPolicy.ts';
import { findLiveWorkers } from '../workers/liveWorkers.ts';

/** What a task's message is made of. */
const MESSAGE_COLUMNS = [
  ...['id', 'videoId', 'attempt', 'requestId', 'traceparent', 'spec'],
  ...['farmFaults', 'verdicts', 'failedWorkerId', 'declines'],
];

/**
 * Takes these tasks for publishing, each only where no other server was faster, with a new lease token. The lease is
 * the batch's: task and token together fence what is said about a task, so one token may serve many tasks.
 */
export async function claimTasks(models: Models, ids: readonly number[]): Promise<TaskMessage[]> {
  if (ids.length === 0) return [];
  const leaseToken = randomUUID();
  const claimed = await transitionTasks(models, 'queued', {
    where: { id: [...ids] },
    values: { leaseToken, leaseExpiresAt: null, workerId: null },
  });
  if (claimed === 0) return [];
  const rows = await models.Task.findAll({
    attributes: MESSAGE_COLUMNS,
    where: { id: [...ids], leaseToken },
  });
  // most tasks are left to nobody in particular
  const isChoosy = rows.some(({ failedWorkerId, verdicts }) => failedWorkerId !== null || verdicts !== null);
  const alive = isChoosy ? await findLiveWorkers(models, new Date()) : [];
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => {
    const row = byId.get(id);
    return row === undefined ? [] : [messageOf(row, leaseToken, alive)];
  });
}

/** Takes back the claim of tasks that could not be published. */
export async function unclaimTasks(models: Models, messages: readonly TaskMessage[]): Promise<void> {
  const leaseToken = messages[0]?.leaseToken;
  if (leaseToken === undefined) return;
  await transitionTasks(models, 'pending', {
    from: ['queued'],
    where: { id: messages.map(({ taskId }) => taskId), leaseToken },
    values: {},
  });
}

function messageOf(task: TaskRow, leaseToken: string, alive: readonly string[]): TaskMessage {
  const { failedWorkerId, declines, verdicts } = task;
  const excludedWorkers = selectExcludedWorkers(
    { failedWorkerId, declines, verdicts: verdicts ?? [] },
    alive,
  );
  return {
    v: 1,
    taskId: task.id,
    videoId: task.videoId,
    leaseToken,
    attempt: task.attempt + 1,
    requestId: task.requestId,
    ...(task.traceparent === null ? {} : { traceparent: task.traceparent }),
    tag: attemptTag({ taskId: task.id, leaseToken }),
    ...(task.farmFaults > 0 ? { verifyAll: true } : {}),
    ...(excludedWorkers.length > 0 ? { excludedWorkers } : {}),
    spec: task.spec,
  };
}
