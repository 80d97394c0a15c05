import { attemptTag } from '@reelmill/shared/core/objectKeys.ts';
import { taskLogFields } from '@reelmill/shared/runtime/logFields.ts';
import { literal, type Transaction } from 'sequelize';
import type { FarmContext } from '../context/farmContext.ts';
import type { TaskRow } from '../db/rows.ts';
import type { TaskEvent } from './leases.ts';

/*
 * What viewers see of a task that is not done, in the columns of its row:
 *
 *   segmentsDone segments of the attempt `listedTag`, then those up to damagedSegments of the attempt `damagedTag`
 *
 * A further attempt takes the place of the listed one once it has as many segments, so that what can be watched never gets
 * shorter. A listed attempt that turns out to be damaged is replaced segment by segment, as soon as there is another.
 */

/** The columns that a worker's progress changes. Workers of earlier versions list nothing: their keys are not looked for. */
export function listProgress(event: Extract<TaskEvent, { type: 'progress' }>) {
  const { tag, segmentsDone } = event;
  if (tag !== attemptTag(event)) return {};
  // both values are safe in SQL: digits, and a tag that was just made here; the tag first, as MySQL evaluates in this order
  return {
    listedTag: literal(`CASE WHEN segments_done <= ${segmentsDone} THEN '${tag}' ELSE listed_tag END`),
    segmentsDone: literal(
      `CASE WHEN segments_done < ${segmentsDone} THEN ${segmentsDone} ELSE segments_done END`,
    ),
  };
}

/** An attempt found its own segments damaged: where viewers see them already, the next attempt replaces them, one by one. */
export async function replaceDamaged(
  { context, task, transaction }: { context: FarmContext; task: TaskRow; transaction: Transaction },
  leaseToken: string,
): Promise<void> {
  const { id, videoId, requestId, kind, attempt, listedTag, segmentsDone, damagedSegments } = task;
  if (segmentsDone === 0 || listedTag !== attemptTag({ taskId: id, leaseToken })) return;
  const isLonger = segmentsDone >= damagedSegments;
  await task.update(
    {
      ...(isLonger ? { damagedTag: listedTag, damagedSegments: segmentsDone } : {}),
      listedTag: null,
      segmentsDone: 0,
    },
    { transaction },
  );
  transaction.afterCommit(() => {
    context.metrics.segmentsReplaced(segmentsDone);
    const fields = taskLogFields({ taskId: id, videoId, requestId, kind, attempt: attempt + 1 });
    context.logger.warn(
      { ...fields, segments: segmentsDone },
      'listed segments damaged, task makes them anew',
    );
  });
}
