import {
  type ErrorCode,
  type FarmErrorCode,
  faultOf,
  isPlanMismatch,
} from '@reelmill/shared/contracts/errors.ts';
import type { TaskKind } from '@reelmill/shared/contracts/tasks.ts';
import type { WaitingReason } from '@reelmill/shared/contracts/videos.ts';
import { backoffMs } from '@reelmill/shared/core/backoff.ts';

/** What one worker said of the media: a failure for good that blames the file. */
export interface Verdict {
  code: ErrorCode;
  workerId: string;
}

/** The attempts of a task that ended without a result, each counted where it belongs. */
export interface AttemptCounts {
  /** Those that failed for a reason that may pass, and count against the limit. */
  attempt: number;
  /** Those in which ffmpeg or ffprobe died. */
  programDeaths: number;
  /** Those that a fault of store, disk, broker or worker ended. They end no task. */
  farmFaults: number;
  /** Those of `farmFaults` whose output was damaged. */
  damagedTries: number;
  /** The verdicts so far, each with another code. */
  verdicts: readonly Verdict[];
}

export type FailureDecision =
  | { next: 'retry' | 'second_opinion' | 'wait'; counts: AttemptCounts; pauseMs: number }
  | { next: 'fail' };

/** A program that dies on the same input a second time will die on it again. */
const MAX_PROGRAM_DEATHS = 2;
/**
 * Damage passes, or does not come again elsewhere: mostly. A task that came out damaged so often, through about eight
 * minutes, may do so on every worker, and damage then counts as any failure does. Other faults of the farm are no sign
 * of it: a store that was away ten times ends no task at its first damaged output.
 */
const DAMAGED_ATTEMPTS_BEFORE_DAMAGE_COUNTS = 10;
const RETRY_BACKOFF = { baseMs: 2_000, maxMs: 60_000 };
/** Short: an owner is waiting to learn that their file cannot be used. */
const SECOND_OPINION_MS = 700;

/**
 * What follows when an attempt at a task has failed:
 *
 *   a fault of the farm     the task waits, longer each time, for as long as it takes (output that was damaged
 *                           many times is a failure like any other)
 *   a verdict on the media  is believed once a second attempt, of another worker where there is one, says the same
 *   a program that died     is retried once
 *   anything else           is retried up to `maxAttempts`, or never where it is not retryable
 *
 * A worker that is lost has failed nothing: see `decideAfterLostLease`.
 */
export function decideAfterFailure(
  counts: AttemptCounts,
  failure: { code: ErrorCode; retryable: boolean; workerId: string },
  options: { maxAttempts: number; random?: () => number },
): FailureDecision {
  const { code, workerId } = failure;
  const again = (next: 'retry' | 'wait', changed: Partial<AttemptCounts>, count: number): FailureDecision => {
    const jitter = options.random === undefined ? {} : { random: options.random };
    return {
      next,
      counts: { ...counts, ...changed },
      pauseMs: backoffMs(count, { ...RETRY_BACKOFF, ...jitter }),
    };
  };
  const isDamaged = code === 'output_damaged';
  const doesDamageCount = isDamaged && counts.damagedTries >= DAMAGED_ATTEMPTS_BEFORE_DAMAGE_COUNTS;
  if (faultOf(code) === 'farm' && !doesDamageCount) {
    const farmFaults = counts.farmFaults + 1;
    const damagedTries = counts.damagedTries + (isDamaged ? 1 : 0);
    return again('wait', { farmFaults, damagedTries }, farmFaults);
  }
  if (isVerdict(code)) {
    if (counts.verdicts.some((verdict) => verdict.code === code)) return { next: 'fail' };
    const verdicts = [...counts.verdicts, { code, workerId }];
    return { next: 'second_opinion', counts: { ...counts, verdicts }, pauseMs: SECOND_OPINION_MS };
  }
  if (!failure.retryable) return { next: 'fail' };
  if (code === 'program_died') {
    const programDeaths = counts.programDeaths + 1;
    if (programDeaths >= MAX_PROGRAM_DEATHS) return { next: 'fail' };
    return again('retry', { programDeaths }, counts.attempt + programDeaths);
  }
  const attempt = counts.attempt + 1;
  if (attempt >= options.maxAttempts) return { next: 'fail' };
  return again('retry', { attempt }, attempt + counts.programDeaths);
}

/** Whether a failure blames the file: also where no other plan is left that would fit it. */
function isVerdict(code: ErrorCode): boolean {
  return faultOf(code) === 'media' || isPlanMismatch(code);
}

const DECLINED_BACKOFF = { baseMs: 500, maxMs: 8_000 };
/** About a minute: a worker that is busy with a chunk has time to finish it. */
const MAX_DECLINES_AFTER_VERDICT = 12;
/** A few seconds: a worker that failed by chance may succeed as well. */
const MAX_DECLINES_AFTER_FAILURE = 3;

/**
 * Which workers are asked to leave the next attempt to others: whoever gave a verdict, and whoever's attempt failed last. Only
 * while one of `alive`, the workers that take tasks, is left to do it, and until the task was declined so often that
 * those must be busy: no task waits for ever for somebody else.
 */
export function selectExcludedWorkers(
  task: { verdicts: readonly Verdict[]; failedWorkerId: string | null; declines: number },
  alive: readonly string[],
): string[] {
  const { verdicts, failedWorkerId, declines } = task;
  const withVerdict = declines < MAX_DECLINES_AFTER_VERDICT ? verdicts.map(({ workerId }) => workerId) : [];
  const failed = failedWorkerId !== null && declines < MAX_DECLINES_AFTER_FAILURE ? [failedWorkerId] : [];
  const leavesAnother = (avoided: string[]): boolean => alive.some((id) => !avoided.includes(id));
  // a second opinion matters more than a worker in trouble
  const candidates = [[...withVerdict, ...failed], withVerdict].map((ids) => [...new Set(ids)]);
  return candidates.find(leavesAnother) ?? [];
}

/** How long a task waits that was declined `declines` times in a row. */
export function pauseAfterDecline(declines: number, random?: () => number): number {
  return backoffMs(declines, { ...DECLINED_BACKOFF, ...(random === undefined ? {} : { random }) });
}

/** So many faults of the farm in a row are shown to people as waiting. */
export const WAITING_AFTER_FAULTS = 3;

const WAITING_REASONS: Readonly<Record<FarmErrorCode, WaitingReason>> = {
  unavailable: 'store',
  network: 'store',
  timeout: 'store',
  source_unreachable: 'store',
  insufficient_storage: 'disk',
  disk_full: 'disk',
  output_damaged: 'disk',
  worker_lost: 'worker',
};

/** What a task waits for whose last attempt ended with this code; null where that is no fault of the farm. */
export function waitingReasonOf(code: ErrorCode): WaitingReason | null {
  return isFarmCode(code) ? WAITING_REASONS[code] : null;
}

function isFarmCode(code: ErrorCode): code is FarmErrorCode {
  return faultOf(code) === 'farm';
}

/** A task that lost so many leases in a row may be what its workers die of. */
export const QUARANTINE_AFTER_LEASES = 3;
const LOST_LEASE_BACKOFF = { baseMs: 1_000, maxMs: 10_000 };
const QUARANTINE_BACKOFF = { baseMs: 120_000, maxMs: 3_600_000 };

/**
 * How long a task waits that has lost `lostLeases` leases in a row. A lost lease (a worker that was killed, cut off or
 * out of memory) is no failed attempt and never ends a task; but a task that kills workers must not take one after the other
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
 * Whether a video does without a task that failed: pictures for people never keep a video from playing, nor does
 * sound whose decoder refuses it.
 */
export function isDispensable(kind: TaskKind, code: ErrorCode): boolean {
  return kind === 'images' || (kind === 'audio' && faultOf(code) === 'media');
}
