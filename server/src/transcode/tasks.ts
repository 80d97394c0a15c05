import type { TaskSource } from '@reelmill/shared/contracts/tasks.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { tracing } from '@reelmill/shared/runtime/tracing.ts';
import type { Transaction } from 'sequelize';
import { withoutNotice } from '../catalog/notices.ts';
import type { Models } from '../db/models.ts';
import type { TaskRow, VideoRow } from '../db/rows.ts';
import { transitionTask } from '../db/transitions.ts';

/** What every change of a video's life works in: one transaction, and the row as it was read. */
export interface VideoChange {
  models: Models;
  transaction: Transaction;
  video: VideoRow;
}

/** The source as its tasks name it: which object, and which content of it was accepted. */
export function toTaskSource({
  sourceKey,
  sizeBytes,
  sourceEtag,
  sourceLastModified,
}: Pick<VideoRow, 'sourceKey' | 'sizeBytes' | 'sourceEtag' | 'sourceLastModified'>): TaskSource {
  return {
    key: sourceKey,
    sizeBytes: Number(sizeBytes),
    ...(sourceEtag ? { etag: sourceEtag } : {}),
    ...(sourceLastModified ? { lastModified: sourceLastModified.toISOString() } : {}),
  };
}

/** Inserts the inspection that the video's current plan version begins with. */
export async function openInspection(
  { models, transaction, video, requestId }: VideoChange & { requestId: string | null },
  options: { thorough?: boolean } = {},
): Promise<void> {
  await models.Task.create(
    {
      ...newTask(video.id, video.planVersion, requestId, new Date()),
      kind: 'inspect',
      position: 0,
      spec: {
        kind: 'inspect',
        source: toTaskSource(video),
        ...(options.thorough ? { thorough: true } : {}),
      },
      unitsTotal: 1000,
    },
    { transaction },
  );
}

/** The columns that every new task begins with. */
export function newTask(videoId: number, planVersion: number, requestId: string | null, availableAt: Date) {
  return {
    videoId,
    planVersion,
    requestId,
    traceparent: tracing.traceparent(),
    availableAt,
    state: 'pending',
    result: null,
    attempt: 0,
    deliveries: 0,
    leaseToken: null,
    leaseExpiresAt: null,
    workerId: null,
    unitsDone: 0,
    segmentsDone: 0,
    speed: null,
    errorCode: null,
    errorMessage: null,
    errorDiagnostics: null,
    startedAt: null,
    finishedAt: null,
  } as const;
}

/**
 * Makes a task wait for a worker that failed although its video goes on without it (pictures, sound), or that waits
 * for its next attempt. Throws `not_found`; `state_conflict` in any other state, and where the video does not continue:
 * what was made of it may be removed already, so it can only be transcoded as a whole.
 */
export async function reopenTask({
  models,
  transaction,
  taskId,
}: Omit<VideoChange, 'video'> & { taskId: number }): Promise<TaskRow> {
  const found = await models.Task.findByPk(taskId, { attributes: ['videoId'], transaction });
  if (found === null) throw new ReelmillError('not_found', 'There is no such task.');
  const lock = transaction.LOCK.UPDATE;
  const video = await models.Video.findByPk(found.videoId, { rejectOnEmpty: true, transaction, lock });
  const task = await models.Task.findByPk(taskId, { rejectOnEmpty: true, transaction, lock });
  const continues =
    video.status === 'transcoding' && video.phase !== 'finalizing' && video.deletedAt === null;
  if (!continues || task.planVersion !== video.planVersion) {
    throw new ReelmillError(
      'state_conflict',
      'Its video is not transcoding with it; retry the video instead.',
    );
  }
  if (task.state !== 'failed' && task.state !== 'pending') {
    throw new ReelmillError(
      'state_conflict',
      `Only a task that failed or waits can be retried; it is ${task.state}.`,
    );
  }
  await transitionTask(
    task,
    'pending',
    {
      attempt: 0,
      deliveries: 0,
      programDeaths: 0,
      lostLeases: 0,
      farmFaults: 0,
      damagedTries: 0,
      waitingSince: null,
      verdicts: null,
      failedWorkerId: null,
      declines: 0,
      leaseToken: null,
      availableAt: new Date(),
      finishedAt: null,
    },
    transaction,
  );
  if (task.kind === 'audio') await video.update(withoutNotice(video, 'audio_left_out'), { transaction });
  return task;
}
