import type { ErrorCode } from '@reelmill/shared/contracts/errors.ts';
import type { TaskMessage, TaskResult, Verification, WorkerEvent } from '@reelmill/shared/contracts/tasks.ts';
import type { Disposition, JobQueue } from '@reelmill/shared/ports/jobQueue.ts';
import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { taskLogFields } from '@reelmill/shared/runtime/logFields.ts';
import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import { currentTraceContext, tracing } from '@reelmill/shared/runtime/tracing.ts';
import type { Confinement } from '../confine/confinement.ts';
import { diskFaultOf } from '../media/damage.ts';
import type { TaskContext } from '../media/taskContext.ts';
import { ProgressReporter } from './progressReporter.ts';
import { publishReliably } from './publishReliably.ts';

/**
 * One delivery of a task, from `started` to its outcome:
 *
 *   done, failed        the outcome is confirmed by the broker, and only then the message acknowledged
 *   given back          the worker stops, somebody had the task before, or another worker shall do it: `released`
 *                       is confirmed, then acknowledged
 *   revoked             nobody wants the result any more: acknowledged without a word
 *   not told            the broker did not take the outcome in time: the message returns to the queue
 */
export type TaskOutcome =
  | { kind: 'done' }
  | { kind: 'failed'; code: ErrorCode; message: string; storeDown?: boolean }
  | { kind: 'given_back' }
  | { kind: 'revoked' }
  | { kind: 'not_told' };

export type RunTask = (message: TaskMessage, context: TaskContext) => Promise<TaskResult>;

export interface TaskRunParts {
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

/** How long a broker may be away before an outcome is given up; its message has long been delivered again by then. */
const TELL_STARTED_MS = 30_000;
const TELL_OUTCOME_MS = 600_000;
const TELL_AFTER_STOP_MS = 5_000;
/** What a store that is down looks like from inside a task. */
const STORE_FAILURES: ReadonlySet<ErrorCode> = new Set([
  'source_unreachable',
  'unavailable',
  'network',
  'timeout',
]);
const MAX_DIAGNOSTICS = 8_000;

export function dispositionOf({ kind }: TaskOutcome): Disposition {
  return kind === 'not_told' ? 'requeue' : 'ack';
}

/** A task that is being worked on; `revoke` and `giveBack` end it early. */
export class TaskRun {
  readonly message: TaskMessage;
  readonly #parts: TaskRunParts;
  readonly #logger: Logger;
  readonly #abort = new AbortController();
  readonly #verification: Verification = { verified: 0, decoded: 0, damaged: 0 };
  #ending: 'revoked' | 'giving_back' | null = null;

  constructor(message: TaskMessage, parts: TaskRunParts) {
    this.message = message;
    this.#parts = parts;
    this.#logger = parts.logger.child(taskLogFields({ ...message, kind: message.spec.kind }));
  }

  /** Nobody wants the result any more. */
  revoke(): void {
    this.#end('revoked');
  }

  /** The worker has no time left for it. */
  giveBack(): void {
    this.#end('giving_back');
  }

  /**
   * Returns a task that the queue delivers again, without beginning it. Whoever had it first may have been killed by it,
   * or may still be at work: the server knows, and decides when it is done again.
   */
  handBackRedelivered(): Promise<TaskOutcome> {
    this.#logger.warn('redelivered task handed back');
    return this.#settle({ type: 'released', redelivered: true }, { kind: 'given_back' });
  }

  /** Returns a task that another worker shall do, without beginning it. */
  decline(): Promise<TaskOutcome> {
    this.#logger.info('task left to another worker');
    return this.#settle({ type: 'released', declined: true }, { kind: 'given_back' });
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
    if (!(await this.#tell({ type: 'started' }, TELL_STARTED_MS))) return { kind: 'not_told' };
    this.#logger.info('task started');
    const outcome = await this.#work(begun);
    this.#logger.info({ outcome, duration_ms: Math.round(performance.now() - begun) }, 'task ended');
    return outcome;
  }

  async #work(begun: number): Promise<TaskOutcome> {
    const { tag } = this.message;
    const reporter = new ProgressReporter((progress) =>
      this.#tellLossy({ type: 'progress', ...progress, ...(tag === undefined ? {} : { tag }) }),
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
    return this.#settle({ type: 'done', result, elapsedMs, verification }, { kind: 'done' });
  }

  async #afterError(error: unknown): Promise<TaskOutcome> {
    if (this.#ending === 'revoked') return { kind: 'revoked' };
    if (this.#ending === 'giving_back') {
      return this.#settle({ type: 'released' }, { kind: 'given_back' });
    }
    const failure = describeFailure(error);
    this.#logger.warn({ err: error, diagnostics: failure.diagnostics }, 'task failed');
    const { code, message } = failure;
    const verification = this.#verification;
    // the task waits for it whoever is cut off from it; here it decides whether this worker goes on
    const storeDown = STORE_FAILURES.has(code) && !(await this.#storeAnswers());
    return this.#settle(
      { type: 'failed', error: failure, verification },
      { kind: 'failed', code, message, storeDown },
    );
  }

  async #settle(event: UnsignedEvent, outcome: TaskOutcome): Promise<TaskOutcome> {
    try {
      const limitMs = this.#ending === null ? TELL_OUTCOME_MS : TELL_AFTER_STOP_MS;
      return (await this.#tell(event, limitMs)) ? outcome : { kind: 'not_told' };
    } catch (error) {
      this.#logger.error({ err: error, event: event.type }, 'an outcome cannot be told');
      if (event.type === 'failed') return { kind: 'not_told' };
      // a result that breaks the contract would come out the same everywhere
      const failure = { ...describeFailure(error), retryable: false };
      const { code, message } = failure;
      return this.#settle({ type: 'failed', error: failure }, { kind: 'failed', code, message });
    }
  }

  #tell(event: UnsignedEvent, limitMs: number): Promise<boolean> {
    // a worker that is told to stop only later must not wait for a broker that is away
    const giveUp = AbortSignal.any([
      AbortSignal.timeout(limitMs),
      ...(this.#ending ? [] : [this.#abort.signal]),
    ]);
    return publishReliably(this.#parts.queue, this.#sign(event), giveUp);
  }

  #tellLossy(event: UnsignedEvent): void {
    this.#parts.queue
      .publishEvent(this.#sign(event))
      .catch((error: unknown) => this.#logger.debug({ err: error }, 'progress could not be told'));
  }

  #sign(event: UnsignedEvent): WorkerEvent {
    const { taskId, videoId, leaseToken } = this.message;
    const identity = { v: 1, workerId: this.#parts.workerId, at: new Date().toISOString() } as const;
    return { ...identity, taskId, videoId, leaseToken, ...currentTraceContext(), ...event };
  }

  async #storeAnswers(): Promise<boolean> {
    return this.#parts.store.check().then(
      () => true,
      () => false,
    );
  }

  #end(ending: 'revoked' | 'giving_back'): void {
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

function describeFailure(error: unknown) {
  if (error instanceof ReelmillError) {
    const { code, message, retryable, diagnostics } = error;
    return { code, message, retryable, diagnostics: diagnostics?.slice(-MAX_DIAGNOSTICS) ?? null };
  }
  const message = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error ? (error.stack ?? message) : message;
  const code: ErrorCode = diskFaultOf(error)?.code ?? 'internal';
  return { code, message, retryable: true, diagnostics: stack.slice(0, MAX_DIAGNOSTICS) };
}
