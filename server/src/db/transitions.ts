import type { TaskState } from '@reelmill/shared/contracts/tasks.ts';
import type { VideoStatus } from '@reelmill/shared/contracts/videos.ts';
import type { Attributes, Transaction, WhereAttributeHash } from 'sequelize';
import { TASK_TRANSITIONS } from '../state/taskState.ts';
import { type StateBefore, statesBefore } from '../state/transitionTable.ts';
import { VIDEO_TRANSITIONS } from '../state/videoState.ts';
import type { Models } from './models.ts';
import type { TaskRow, VideoRow } from './rows.ts';

/*
 * The only updates that change `tasks.state` and `videos.status`. Their conditions are taken from the tables of
 * `state/`, so that of two servers that decide at once only one is right.
 */

type Values<Name extends 'Task' | 'Video'> = Omit<Parameters<Models[Name]['update']>[0], 'state' | 'status'>;

/**
 * Changes the tasks that match `where` to a state, those that may become it, or of these only the ones that are `from`.
 * Returns how many.
 */
export async function transitionTasks<To extends TaskState>(
  { Task }: Pick<Models, 'Task'>,
  to: To,
  change: {
    where: WhereAttributeHash<Attributes<TaskRow>>;
    values: Values<'Task'>;
    from?: readonly StateBefore<typeof TASK_TRANSITIONS, To>[];
    transaction?: Transaction | null;
  },
): Promise<number> {
  const { from = statesBefore(TASK_TRANSITIONS, to), transaction = null } = change;
  // the state last: other columns may depend on what it was, and MySQL evaluates in this order
  const [count] = await Task.update(
    { ...change.values, state: to },
    { where: { ...change.where, state: [...from] }, transaction },
  );
  return count;
}

/** Changes the state of a task that this transaction has locked. Throws where the table does not allow it. */
export async function transitionTask(
  task: TaskRow,
  to: TaskState,
  values: Values<'Task'>,
  transaction: Transaction,
): Promise<void> {
  const next: readonly TaskState[] = TASK_TRANSITIONS[task.state];
  if (!next.includes(to)) throw new Error(`task ${task.id} cannot become ${to}, for it is ${task.state}`);
  await task.update({ ...values, state: to }, { transaction });
}

/**
 * Changes the video that matches `where` to a status, if it may become it, or only if it is `from`. Returns whether it
 * was changed.
 */
export async function transitionVideo<To extends VideoStatus>(
  { Video }: Pick<Models, 'Video'>,
  to: To,
  change: {
    where: WhereAttributeHash<Attributes<VideoRow>> & { id: number };
    values: Values<'Video'>;
    from?: readonly StateBefore<typeof VIDEO_TRANSITIONS, To>[];
    transaction: Transaction;
  },
): Promise<boolean> {
  const { from = statesBefore(VIDEO_TRANSITIONS, to), transaction } = change;
  const [count] = await Video.update(
    { ...change.values, status: to },
    { where: { ...change.where, status: [...from] }, transaction },
  );
  return count > 0;
}
