import type { TaskState } from '@reelmill/shared/contracts/tasks.ts';
import type { TransitionTable } from './transitionTable.ts';

/**
 * What may become of a task:
 *
 *   pending ──▶ queued ──▶ running ──▶ done | failed | canceled
 *      ▲──────────┴───────────┘  │  lost, released or retried
 *      └─────────────────────────┘  an admin retries what its video went on without
 */
export const TASK_TRANSITIONS = {
  // straight to running or an end: the lease expired, and its worker, which still has the token, reports again
  // to itself: that worker releases the task, or an admin retries it without the pause
  pending: ['queued', 'running', 'done', 'failed', 'canceled', 'pending'],
  // straight to an end: reports of one task may be applied while its `started` is still being retried
  queued: ['running', 'pending', 'done', 'failed', 'canceled'],
  // to itself: its lease is renewed
  running: ['done', 'pending', 'failed', 'canceled', 'running'],
  done: [],
  failed: ['pending'],
  canceled: [],
} as const satisfies TransitionTable & Record<TaskState, readonly TaskState[]>;

/** Task states that still mean work. */
export const OPEN_TASK_STATES = ['pending', 'queued', 'running'] as const satisfies readonly TaskState[];
