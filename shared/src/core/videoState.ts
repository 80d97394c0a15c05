import type { ErrorCode } from '../contracts/errors.ts';
import type { TaskKind, TaskState } from '../contracts/tasks.ts';
import type { VideoStatus } from '../contracts/videos.ts';

/**
 * What may become of a video and of a task. Every change of state is a conditional update in the database whose
 * condition is taken from these tables, so that two servers deciding at once cannot both be right.
 *
 *   video   uploading ──▶ transcoding ──▶ online
 *               │           │   ▲  └────▶ failed ──┐
 *               └──▶ canceled ◀─┘  └───────────────┘ retry (from failed and canceled)
 *
 *   task    pending ──▶ queued ──▶ running ──▶ done | failed | canceled
 *              ▲──────────┴───────────┘  │  lost, handed back or tried again
 *              └─────────────────────────┘  an admin retries what its video went on without
 */
const VIDEO_TRANSITIONS: Readonly<Record<VideoStatus, readonly VideoStatus[]>> = {
  uploading: ['transcoding', 'canceled', 'failed'],
  transcoding: ['online', 'failed', 'canceled'],
  online: [],
  failed: ['transcoding'],
  canceled: ['transcoding'],
};

const TASK_TRANSITIONS: Readonly<Record<TaskState, readonly TaskState[]>> = {
  // straight to running or an end: the sweeper gave the task up, and its worker, still holding the lease, speaks again
  pending: ['queued', 'running', 'done', 'failed', 'canceled'],
  // straight to an end: events of one task may be applied while its `started` is still being retried
  queued: ['running', 'pending', 'done', 'failed', 'canceled'],
  running: ['done', 'pending', 'failed', 'canceled'],
  done: [],
  failed: ['pending'],
  canceled: [],
};

/** Task states that still mean work. */
export const OPEN_TASK_STATES = ['pending', 'queued', 'running'] as const satisfies readonly TaskState[];

export function mayVideoBecome(from: VideoStatus, to: VideoStatus): boolean {
  return VIDEO_TRANSITIONS[from].includes(to);
}

export function mayTaskBecome(from: TaskState, to: TaskState): boolean {
  return TASK_TRANSITIONS[from].includes(to);
}

/** The states from which a video may become `to`: the condition of the update that does it. */
export function videoStatesBefore(to: VideoStatus): VideoStatus[] {
  return keysOf(VIDEO_TRANSITIONS).filter((from) => mayVideoBecome(from, to));
}

/** The states from which a task may become `to`: the condition of the update that does it. */
export function taskStatesBefore(to: TaskState): TaskState[] {
  return keysOf(TASK_TRANSITIONS).filter((from) => mayTaskBecome(from, to));
}

// Object.keys widens to string[]
const keysOf = <K extends string>(table: Readonly<Record<K, unknown>>) => Object.keys(table) as K[];

export type FailureDecision = { next: 'retry'; attempt: number } | { next: 'give_up' };

/**
 * What follows when a try of a task has failed. `attempt` counts the tries that failed before this one. A worker that
 * dies without a word counts as a delivery only; too many of those mean that the task itself kills workers.
 */
export function decideAfterFailure(
  task: { attempt: number; deliveries: number },
  failure: { retryable: boolean },
  maxAttempts: number,
): FailureDecision {
  const attempt = task.attempt + 1;
  if (!failure.retryable || attempt >= maxAttempts || isDeliveredTooOften(task, maxAttempts)) {
    return { next: 'give_up' };
  }
  return { next: 'retry', attempt };
}

const SPARE_DELIVERIES = 5;

/** Whether workers took this task so often without an outcome that it must be what they die of. */
export function isDeliveredTooOften(task: { deliveries: number }, maxAttempts: number): boolean {
  return task.deliveries > maxAttempts + SPARE_DELIVERIES;
}

/**
 * Whether a video does without a task that was given up: pictures for people never keep a video from playing, nor does
 * sound that nobody can decode.
 */
export function isDispensable(kind: TaskKind, code: ErrorCode): boolean {
  if (kind === 'images') return true;
  return kind === 'audio' && (code === 'unsupported_codec' || code === 'undecodable');
}
