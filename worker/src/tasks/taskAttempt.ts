import type { ErrorCode } from '@reelmill/shared/contracts/errors.ts';
import type { TaskMessage, TaskResult, Verification, WorkerEvent } from '@reelmill/shared/contracts/tasks.ts';
import type { Disposition, JobQueue } from '@reelmill/shared/ports/jobQueue.ts';
import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { taskLogFields } from '@reelmill/shared/runtime/logFields.ts';
import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import { currentTraceContext, tracing } from '@reelmill/shared/runtime/tracing.ts';
import type { Confinement } from '../confine/confinement.ts';
import type { TaskContext } from '../context/taskContext.ts';
import { diskFaultOf } from '../scratch/diskFaults.ts';
import { ProgressReporter } from './progressReporter.ts';
import { publishReliably } from './publishReliably.ts';

/**
 * One delivery of a task, from `started` to its outcome:
 *
 *   done, failed        the outcome is confirmed by the broker, and only then the message acknowledged
 *   released            the worker stops, another worker had the task before, or another one is to do it: `released`
 *                       is confirmed, then acknowledged
 *   revoked             the server revoked the lease: acknowledged without a report
 *   unreported          the broker did not take the outcome in time: the message returns to the queue
 */
export type TaskOutcome =
  | { kind: 'done' }
  | { kind: 'failed'; code: ErrorCode; message: string; storeDown?: boolean }
  | { kind: 'released' }
  | { kind: 'revoked' }
  | { kind: 'unreported' };

export type RunTask = (message: TaskMessage, context: TaskContext) => Promise<TaskResult>;

export interface TaskAttemptParts {
  queue: JobQueue;
  store: ObjectStore;
  logger: Logger;
  workerId: string;
  workDir: string;
  threads: number;
  confinement: Confinement;
  decodePercent: number;
  runTask: RunTask;
}

/** How long a broker may be away before a report is abandoned; its message has long been delivered again by then. */
const REPORT_STARTED_MS = 30_000;
const REPORT_OUTCOME_MS = 600_000;
const REPORT_AFTER_STOP_MS = 5_000;
/** What a store that is down looks like from inside a task. */
const STORE_FAILURES: ReadonlySet<ErrorCode> = new Set([
  'source_unreachable',
  'unavailable',
  'network',
  'timeout',
]);
const MAX_DIAGNOSTICS = 8_000;

export function dispositionOf({ kind }: TaskOutcome): Disposition {
  return kind === 'unreported' ? 'requeue' : 'ack';
}

/** A task that is being worked on; `revoke` and `release` end it early. */
export class TaskAttempt {
  readonly message: TaskMessage;
  readonly #parts: TaskAttemptParts;
  readonly #logger: Logger;
  readonly #abort = new AbortController();
  readonly #verification: Verification = { verified: 0, decoded: 0, damaged: 0 };
  #ending: 'revoked' | 'releasing' | null = null;

  constructor(message: TaskMessage, parts: TaskAttemptParts) {
    this.message = message;
    this.#parts = parts;
    this.#logger = parts.logger.child(taskLogFields({ ...message, kind: message.spec.kind }));
  }

  /** The server revoked the lease: the result does not count any more. */
  revoke(): void {
    this.#end('revoked');
  }

  /** The worker has no time left for it. */
  release(): void {
    this.#end('releasing');
  }

  /**
   * Releases a task that the queue delivers again, without beginning it. The worker that had it first may have been killed by it,
   * or may still be at work: the server knows, and decides when it is done again.
   */
  releaseRedelivered(): Promise<TaskOutcome> {
    this.#logger.warn('redelivered task released');
    return this.#reportOutcome({ type: 'released', redelivered: true }, { kind: 'released' });
  }

  /** Releases a task that another worker is to do, without beginning it. */
  decline(): Promise<TaskOutcome> {
    this.#logger.info('task declined');
    return this.#reportOutcome({ type: 'released', declined: true }, { kind: 'released' });
  }

  /** Never rejects. */
  run(): Promise<TaskOutcome> {
    const { spec, traceparent } = this.message;
    const { workerId } = this.#parts;
    const attributes = { ...taskLogFields({ ...this.message, kind: spec.kind }), worker_id: workerId };
    return tracing.span(
      `task ${spec.kind}`,
      { kind: 'consumer', parent: traceparent, attributes },
      async (note) => {
        const outcome = await this.#run();
        note({ outcome: outcome.kind, ...(outcome.kind === 'failed' ? { 'error.type': outcome.code } : {}) });
        return outcome;
      },
    );
  }

  async #run(): Promise<TaskOutcome> {
    const begun = performance.now();
    if (!(await this.#publish({ type: 'started' }, REPORT_STARTED_MS))) return { kind: 'unreported' };
    this.#logger.info('task started');
    const outcome = await this.#work(begun);
    this.#logger.info({ outcome, duration_ms: Math.round(performance.now() - begun) }, 'task ended');
    return outcome;
  }

  async #work(begun: number): Promise<TaskOutcome> {
    const { tag } = this.message;
    const reporter = new ProgressReporter((progress) =>
      this.#publishLossy({ type: 'progress', ...progress, ...(tag === undefined ? {} : { tag }) }),
    );
    let result: TaskResult;
    try {
      result = await this.#parts.runTask(this.message, {
        ...this.#parts,
        logger: this.#logger,
        signal: this.#abort.signal,
        onProgress: (progress) => reporter.report(progress),
        onVerified: (what) => {
          this.#verification[what] += 1;
        },
      });
    } catch (error) {
      return await this.#afterError(error);
    } finally {
      reporter.stop();
    }
    if (this.#ending === 'revoked') return { kind: 'revoked' };
    const elapsedMs = performance.now() - begun;
    const verification = this.#verification;
    return this.#reportOutcome({ type: 'done', result, elapsedMs, verification }, { kind: 'done' });
  }

  async #afterError(error: unknown): Promise<TaskOutcome> {
    if (this.#ending === 'revoked') return { kind: 'revoked' };
    if (this.#ending === 'releasing') {
      return this.#reportOutcome({ type: 'released' }, { kind: 'released' });
    }
    const failure = serializeFailure(error);
    this.#logger.warn({ err: error, diagnostics: failure.diagnostics }, 'task failed');
    const { code, message } = failure;
    const verification = this.#verification;
    // the task waits for the store in any case; here it decides whether this worker takes further tasks
    const storeDown = STORE_FAILURES.has(code) && !(await this.#isStoreUp());
    return this.#reportOutcome(
      { type: 'failed', error: failure, verification },
      { kind: 'failed', code, message, storeDown },
    );
  }

  async #reportOutcome(event: UnsignedEvent, outcome: TaskOutcome): Promise<TaskOutcome> {
    try {
      const limitMs = this.#ending === null ? REPORT_OUTCOME_MS : REPORT_AFTER_STOP_MS;
      return (await this.#publish(event, limitMs)) ? outcome : { kind: 'unreported' };
    } catch (error) {
      this.#logger.error({ err: error, event: event.type }, 'outcome cannot be published');
      if (event.type === 'failed') return { kind: 'unreported' };
      // a result that breaks the contract would come out the same everywhere
      const failure = { ...serializeFailure(error), retryable: false };
      const { code, message } = failure;
      return this.#reportOutcome({ type: 'failed', error: failure }, { kind: 'failed', code, message });
    }
  }

  #publish(event: UnsignedEvent, limitMs: number): Promise<boolean> {
    // a worker that is stopped only later must not wait for a broker that is away
    const limit = AbortSignal.any([
      AbortSignal.timeout(limitMs),
      ...(this.#ending ? [] : [this.#abort.signal]),
    ]);
    return publishReliably(this.#parts.queue, this.#sign(event), limit);
  }

  #publishLossy(event: UnsignedEvent): void {
    this.#parts.queue
      .publishEvent(this.#sign(event))
      .catch((error: unknown) => this.#logger.debug({ err: error }, 'progress not published'));
  }

  #sign(event: UnsignedEvent): WorkerEvent {
    const { taskId, videoId, leaseToken } = this.message;
    const identity = { v: 1, workerId: this.#parts.workerId, at: new Date().toISOString() } as const;
    return { ...identity, taskId, videoId, leaseToken, ...currentTraceContext(), ...event };
  }

  async #isStoreUp(): Promise<boolean> {
    return this.#parts.store.check().then(
      () => true,
      () => false,
    );
  }

  #end(ending: 'revoked' | 'releasing'): void {
    if (this.#ending === 'revoked') return;
    this.#ending = ending;
    this.#abort.abort();
  }
}

/** An event of a task without what every one of them carries. */
type UnsignedEvent = WorkerEvent extends infer E
  ? E extends { taskId: number; leaseToken: string }
    ? Omit<E, 'v' | 'workerId' | 'at' | 'taskId' | 'videoId' | 'leaseToken'>
    : never
  : never;

function serializeFailure(error: unknown) {
  if (error instanceof ReelmillError) {
    const { code, message, retryable, diagnostics } = error;
    return { code, message, retryable, diagnostics: diagnostics?.slice(-MAX_DIAGNOSTICS) ?? null };
  }
  const message = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error ? (error.stack ?? message) : message;
  const code: ErrorCode = diskFaultOf(error)?.code ?? 'internal';
  return { code, message, retryable: true, diagnostics: stack.slice(0, MAX_DIAGNOSTICS) };
}
