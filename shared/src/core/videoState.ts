import type { ErrorCode } from '../contracts/errors.ts';
import type { TaskKind, TaskState } from '../contracts/tasks.ts';
import type { VideoStatus } from '../contracts/videos.ts';
import { backoffMs } from './backoff.ts';

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

export type FailureDecision = { next: 'retry'; attempt: number; programDeaths: number } | { next: 'give_up' };

/** A program that dies on the same input a second time will die on it again. */
const MAX_PROGRAM_DEATHS = 2;

/**
 * What follows when a try of a task has failed. `attempt` counts the tries that failed before this one, `programDeaths`
 * those of them, counted apart, in which ffmpeg or ffprobe died. A worker that is lost has failed nothing: see
 * `decideAfterLostLease`.
 */
export function decideAfterFailure(
  task: { attempt: number; programDeaths: number },
  failure: { code: ErrorCode; retryable: boolean },
  maxAttempts: number,
): FailureDecision {
  if (!failure.retryable) return { next: 'give_up' };
  if (failure.code === 'program_died') {
    const programDeaths = task.programDeaths + 1;
    if (programDeaths >= MAX_PROGRAM_DEATHS) return { next: 'give_up' };
    return { next: 'retry', attempt: task.attempt, programDeaths };
  }
  const attempt = task.attempt + 1;
  if (attempt >= maxAttempts) return { next: 'give_up' };
  return { next: 'retry', attempt, programDeaths: task.programDeaths };
}

/** A task that lost so many leases in a row may be what its workers die of. */
export const QUARANTINE_AFTER_LEASES = 3;
const LOST_LEASE_BACKOFF = { baseMs: 1_000, maxMs: 10_000 };
const QUARANTINE_BACKOFF = { baseMs: 120_000, maxMs: 3_600_000 };

/**
 * How long a task waits that has lost `lostLeases` leases in a row. A lost lease (a worker that was killed, cut off or
 * out of memory) is no failed try and never ends a task; but a task that kills workers must not take one after the other
 * with it: from the third on it is in quarantine, for minutes first, for an hour in the end.
 */
export function decideAfterLostLease(
  lostLeases: number,
  random?: () => number,
): { quarantined: boolean; pauseMs: number } {
  const quarantined = lostLeases >= QUARANTINE_AFTER_LEASES;
  const jitter = random === undefined ? {} : { random };
  const pauseMs = quarantined
    ? backoffMs(lostLeases - QUARANTINE_AFTER_LEASES + 1, { ...QUARANTINE_BACKOFF, ...jitter })
    : backoffMs(lostLeases, { ...LOST_LEASE_BACKOFF, ...jitter });
  return { quarantined, pauseMs };
}

/**
 * Whether a video does without a task that was given up: pictures for people never keep a video from playing, nor does
 * sound that nobody can decode.
 */
export function isDispensable(kind: TaskKind, code: ErrorCode): boolean {
  if (kind === 'images') return true;
  return kind === 'audio' && (code === 'unsupported_codec' || code === 'undecodable');
}
