import { randomUUID } from 'node:crypto';
import type { TaskMessage } from '@reelmill/shared/contracts/tasks.ts';
import type { WaitingTask } from '@reelmill/shared/core/fairChoice.ts';
import { col, fn, literal, Op } from 'sequelize';
import { z } from 'zod';
import type { Models } from '../db/models.ts';
import type { TaskRow } from '../db/rows.ts';

/** More candidates than this are not looked at in one round; the next rounds see the rest. */
const CANDIDATES = 500;

const waitingSchema = z.object({
  id: z.number(),
  videoId: z.number(),
  position: z.number(),
  availableAt: z.coerce.date(),
  priority: z.number(),
});
const countSchema = z.object({ videoId: z.number(), count: z.coerce.number() });

/** Tasks that could go now: the urgent ones first, of every video its first ones, as far as there is room. */
export async function findWaiting(models: Models, now: Date): Promise<WaitingTask[]> {
  const rows = await models.Task.findAll({
    attributes: [
      'id',
      'videoId',
      'position',
      'availableAt',
      [literal('(SELECT priority FROM videos WHERE videos.id = video_id)'), 'priority'],
      [literal('ROW_NUMBER() OVER (PARTITION BY video_id ORDER BY position)'), 'turn'],
    ],
    where: { state: 'pending', availableAt: { [Op.lte]: now } },
    order: [literal('priority DESC'), literal('turn'), 'position', 'id'],
    limit: CANDIDATES,
    raw: true,
  });
  return rows.map((row) => {
    const { availableAt, ...task } = waitingSchema.parse(row);
    return { ...task, availableAtMs: availableAt.getTime() };
  });
}

/** How many tasks of each video are queued or running. */
export async function countInFlight(models: Models): Promise<Map<number, number>> {
  const rows = await models.Task.findAll({
    attributes: ['videoId', [fn('COUNT', col('id')), 'count']],
    where: { state: ['queued', 'running'] },
    group: ['video_id'],
    raw: true,
  });
  return new Map(rows.map((row) => countSchema.parse(row)).map(({ videoId, count }) => [videoId, count]));
}

/**
 * Takes these tasks for publishing, each only where no other server was faster, with a new lease token. The lease is
 * the batch's: task and token together fence what is said about a task, so one token may serve many tasks.
 */
export async function claimTasks(models: Models, ids: readonly number[]): Promise<TaskMessage[]> {
  if (ids.length === 0) return [];
  const leaseToken = randomUUID();
  const [claimed] = await models.Task.update(
    { state: 'queued', leaseToken, leaseExpiresAt: null, workerId: null },
    { where: { id: [...ids], state: 'pending' } },
  );
  if (claimed === 0) return [];
  const rows = await models.Task.findAll({
    attributes: ['id', 'videoId', 'attempt', 'requestId', 'traceparent', 'spec'],
    where: { id: [...ids], leaseToken },
  });
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => {
    const row = byId.get(id);
    return row === undefined ? [] : [messageOf(row, leaseToken)];
  });
}

/** Takes back the claim of tasks that could not be published. */
export async function unclaimTasks(models: Models, messages: readonly TaskMessage[]): Promise<void> {
  const leaseToken = messages[0]?.leaseToken;
  if (leaseToken === undefined) return;
  await models.Task.update(
    { state: 'pending' },
    { where: { id: messages.map(({ taskId }) => taskId), leaseToken, state: 'queued' } },
  );
}

function messageOf(task: TaskRow, leaseToken: string): TaskMessage {
  return {
    v: 1,
    taskId: task.id,
    videoId: task.videoId,
    leaseToken,
    attempt: task.attempt + 1,
    requestId: task.requestId,
    ...(task.traceparent === null ? {} : { traceparent: task.traceparent }),
    spec: task.spec,
  };
}
