import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import type { ControlMessage, TaskMessage, WorkerEvent } from '@reelmill/shared/contracts/tasks.ts';
import { backoffMs } from '@reelmill/shared/core/backoff.ts';
import { HEARTBEAT_MS } from '@reelmill/shared/core/workerHealth.ts';
import type { Consumer, Disposition, JobQueue } from '@reelmill/shared/ports/jobQueue.ts';
import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import { z } from 'zod';
import { type ConfineMode, type Confinement, openConfinement } from './confine/confinement.ts';
import { FailureWatch } from './health/failureWatch.ts';
import { findHealthProblem } from './health/selfTest.ts';
import { findScratchFault } from './scratch/scratchCheck.ts';
import { claimWorkFolder, releaseWorkFolder } from './scratch/workerFolder.ts';
import { runTask } from './tasks/runTask.ts';
import { dispositionOf, type RunTask, TaskAttempt, type TaskOutcome } from './tasks/taskAttempt.ts';

/**
 *   unhealthy ◀──▶ idle ◀──▶ busy          unhealthy: takes nothing, reports why, and tests itself until it is healthy
 *                    │         │
 *                    └──▶ draining ──▶ stopped    a drained worker that is not stopped waits until it is resumed
 */
export type WorkerState = 'idle' | 'busy' | 'draining' | 'unhealthy' | 'stopped';

export interface WorkerOptions {
  queue: JobQueue;
  store: ObjectStore;
  config: {
    workerId: string;
    /** The worker makes a folder of its own in it. */
    workDir: string;
    threads: number;
    /** How long a stopping worker may finish its task before it releases it. */
    drainSeconds: number;
    /** No task is taken while less is free on the disk of `workDir`; 0 by default. */
    minScratchBytes?: number;
    /** `auto` by default. */
    confineMedia?: ConfineMode;
    /** How many in a hundred of the files that tasks make are decoded before they count; none by default. */
    verifyDecodePercent?: number;
  };
  logger: Logger;
  /** Does a task; the media code by default. */
  runTask?: RunTask;
}

export interface RunningWorker {
  readonly state: WorkerState;
  /**
   * Takes no more tasks, finishes or releases the one in hand. A second call returns the same promise; with 0 it still
   * ends the wait for the task.
   */
  stop(drainSeconds?: number): Promise<void>;
}

const RECOVERY = { baseMs: 1_000, maxMs: 15_000 };
/** Longer than the first retry of a task waits (server: state/retryPolicy.ts). */
const REST_AFTER_DEATH_MS = 4_000;
const REMEMBERED_OUTCOMES = 50;

/** The version in the package of this worker. */
export const { version: VERSION } = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')));

/** Starts a worker. It waits by itself for broker and store; the caller closes both after `stop`. */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const workDir = await claimWorkFolder(options.config.workDir, options.config.workerId, options.logger);
  const worker = new Worker(options, workDir);
  await worker.start();
  return worker;
}

class Worker implements RunningWorker {
  readonly #options: WorkerOptions;
  readonly #workDir: string;
  readonly #logger: Logger;
  readonly #startedAt = new Date().toISOString();
  readonly #stopping = new AbortController();
  readonly #failures = new FailureWatch();
  /** Leases whose outcome was reported but whose acknowledgement may have been lost: `taskId leaseToken`. */
  readonly #reportedLeases = new Set<string>();
  /** Found out once, as soon as there is room for a trial. */
  #confinement: Confinement | undefined;
  /** As the last self-test found it. */
  #ffmpegVersion: string | undefined;
  #control: Consumer | null = null;
  #heartbeat: NodeJS.Timeout | undefined;
  #current: TaskAttempt | null = null;
  #healthProblem: string | null = 'the self-test has not run yet';
  /** The log has each of them once, until the worker takes tasks again. */
  readonly #loggedProblems = new Set<string>();
  #draining = false;
  /** Resolved by whatever may end a turn of the main loop: a health problem, draining, resuming, the stop. */
  #change = Promise.withResolvers<void>();
  #loop: Promise<void> = Promise.resolve();
  #stopped: Promise<void> | undefined;
  #ended = false;

  constructor(options: WorkerOptions, workDir: string) {
    this.#options = options;
    this.#workDir = workDir;
    this.#logger = options.logger.child({ worker_id: options.config.workerId });
  }

  get state(): WorkerState {
    if (this.#ended) return 'stopped';
    if (this.#draining) return 'draining';
    if (this.#current !== null) return 'busy';
    return this.#healthProblem === null ? 'idle' : 'unhealthy';
  }

  async start(): Promise<void> {
    this.#control = await this.#options.queue.onControl((message) => this.#handleControl(message));
    this.#heartbeat = setInterval(() => {
      this.#sendHeartbeat();
      if (this.state === 'idle') void this.#checkScratch();
    }, HEARTBEAT_MS);
    this.#loop = this.#run();
  }

  stop(drainSeconds: number = this.#options.config.drainSeconds): Promise<void> {
    this.#stopped ??= this.#stop(drainSeconds);
    if (drainSeconds === 0) this.#current?.release();
    return this.#stopped;
  }

  async #stop(drainSeconds: number): Promise<void> {
    this.#stopping.abort();
    this.#drain();
    // it may be draining already
    this.#change.resolve();
    const releaseTimer = setTimeout(() => this.#current?.release(), drainSeconds * 1000);
    await this.#loop;
    clearTimeout(releaseTimer);
    clearInterval(this.#heartbeat);
    await this.#control?.stop();
    await releaseWorkFolder(this.#workDir, this.#logger);
    this.#ended = true;
    this.#sendHeartbeat();
    this.#logger.info('worker stopped');
  }

  /** Tests the worker until it is healthy, then takes tasks until a health problem is found; until the stop. */
  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    for (let failures = 0; !signal.aborted; ) {
      // made anew before the state is read, so that no change goes unseen
      this.#change = Promise.withResolvers();
      if (this.#draining) {
        await this.#change.promise;
        continue;
      }
      this.#healthProblem = await this.#findHealthProblem();
      if (signal.aborted || this.#draining) continue;
      if (this.#healthProblem === null && (await this.#takeTasks())) failures = 0;
      else this.#logHealthProblem();
      this.#sendHeartbeat();
      if (this.#healthProblem === null) continue;
      failures += 1;
      await pause(backoffMs(failures, RECOVERY), undefined, { signal }).catch(() => undefined);
    }
  }

  async #findHealthProblem(): Promise<string | null> {
    const fault = await this.#findScratchFault();
    if (fault !== null) return fault;
    const { store, config } = this.#options;
    const logger = this.#logger;
    // without room its trial would fail, and programs would run without what did not hold then
    this.#confinement ??= await openConfinement({
      mode: config.confineMedia ?? 'auto',
      workDir: this.#workDir,
      logger,
    });
    const { signal } = this.#stopping;
    return findHealthProblem({
      store,
      confinement: this.#confinement,
      signal,
      logger,
      onFfmpegVersion: (version) => {
        this.#ffmpegVersion = version;
      },
    });
  }

  #findScratchFault(): Promise<string | null> {
    return findScratchFault(this.#workDir, this.#options.config.minScratchBytes ?? 0);
  }

  /** Whether a task may be done now; where there is no room for one, the worker becomes unhealthy. */
  async #checkScratch(): Promise<boolean> {
    const fault = await this.#findScratchFault();
    if (fault !== null) this.#markUnhealthy(fault);
    return fault === null;
  }

  /**
   * Takes tasks until the next change, and resolves when the last one has ended: with false where it could not begin.
   * A change may come before the intake is open, from its first task.
   */
  async #takeTasks(): Promise<boolean> {
    const { promise: change } = this.#change;
    let intake: Consumer;
    try {
      intake = await this.#options.queue.consumeTasks((message, delivery) => this.#handle(message, delivery));
    } catch (error) {
      this.#healthProblem = `no tasks can be taken: ${error instanceof Error ? error.message : String(error)}`;
      return false;
    }
    if (this.#healthProblem === null && !this.#draining) {
      this.#sendHeartbeat();
      this.#loggedProblems.clear();
      this.#logger.info('this worker takes tasks');
    }
    await change;
    await intake.stop();
    return true;
  }

  /** Stops taking tasks until a self-test succeeds. Waits for nothing, because a task's own handler calls it. */
  #markUnhealthy(reason: string): void {
    if (this.#healthProblem !== null || this.#stopping.signal.aborted) return;
    this.#healthProblem = reason;
    this.#logHealthProblem();
    this.#sendHeartbeat();
    this.#change.resolve();
  }

  #logHealthProblem(): void {
    const reason = this.#healthProblem ?? '';
    if (this.#loggedProblems.has(reason)) return;
    this.#loggedProblems.add(reason);
    this.#logger.error({ reason }, 'worker unhealthy');
  }

  #drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    this.#logger.info('worker draining');
    this.#sendHeartbeat();
    this.#change.resolve();
  }

  #resume(): void {
    if (!this.#draining || this.#stopping.signal.aborted) return;
    this.#draining = false;
    this.#logger.info('worker resumed');
    this.#change.resolve();
  }

  async #handle(message: TaskMessage, { redelivered }: { redelivered: boolean }): Promise<Disposition> {
    if (this.#draining || this.#healthProblem !== null) return 'requeue';
    const lease = `${message.taskId} ${message.leaseToken}`;
    if (this.#reportedLeases.has(lease)) return 'ack';
    const confinement = this.#confinement;
    if (confinement === undefined) return 'requeue';
    const { queue, store, config, runTask: work } = this.#options;
    const attempt = new TaskAttempt(message, {
      queue,
      store,
      logger: this.#logger,
      workerId: config.workerId,
      threads: config.threads,
      workDir: this.#workDir,
      confinement,
      decodePercent: config.verifyDecodePercent ?? 0,
      runTask: work ?? runTask,
    });
    this.#current = attempt;
    if (!redelivered && !(await this.#checkScratch())) {
      this.#current = null;
      return 'requeue';
    }
    this.#sendHeartbeat();
    const isLeftToOthers = message.excludedWorkers?.includes(config.workerId);
    const outcome = await (redelivered
      ? attempt.releaseRedelivered()
      : isLeftToOthers
        ? attempt.decline()
        : attempt.run());
    this.#current = null;
    if (outcome.kind !== 'unreported') this.#remember(lease);
    this.#evaluate(outcome, message.videoId);
    await this.#checkScratch();
    this.#sendHeartbeat();
    if (outcome.kind === 'failed' && outcome.code === 'program_died') await this.#restAfterDeath();
    return dispositionOf(outcome);
  }

  #evaluate(outcome: TaskOutcome, videoId: number): void {
    if (outcome.kind === 'done') this.#failures.succeeded();
    if (outcome.kind !== 'failed') return;
    if (outcome.storeDown) {
      this.#markUnhealthy('the object store cannot be reached');
      return;
    }
    const reason = this.#failures.failed({ ...outcome, videoId });
    if (reason !== null) this.#markUnhealthy(reason);
  }

  /**
   * The task comes back within a few seconds, to be done once more: an idle worker elsewhere is to get it first, for
   * this machine may be what its program died of.
   */
  async #restAfterDeath(): Promise<void> {
    await pause(REST_AFTER_DEATH_MS, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }

  #remember(lease: string): void {
    this.#reportedLeases.add(lease);
    const [oldest] = this.#reportedLeases;
    if (this.#reportedLeases.size > REMEMBERED_OUTCOMES && oldest !== undefined)
      this.#reportedLeases.delete(oldest);
  }

  #handleControl(message: ControlMessage): void {
    const current = this.#current;
    if ('workerId' in message) {
      if (message.workerId !== this.#options.config.workerId) return;
      if (message.type === 'drain_worker') this.#drain();
      else this.#resume();
      return;
    }
    if (current === null) return;
    const { taskId, videoId, leaseToken } = current.message;
    const meant =
      message.type === 'cancel_video'
        ? message.videoId === videoId
        : message.taskId === taskId && message.leaseToken === leaseToken;
    if (meant) current.revoke();
  }

  #sendHeartbeat(): void {
    const event: WorkerEvent = {
      v: 1,
      type: 'heartbeat',
      workerId: this.#options.config.workerId,
      at: new Date().toISOString(),
      host: hostname(),
      cpus: this.#options.config.threads,
      version: VERSION,
      startedAt: this.#startedAt,
      state: this.state,
      taskId: this.#current?.message.taskId ?? null,
      reason: this.#healthProblem,
      ...(this.#confinement && { confinement: this.#confinement.report }),
      ...(this.#ffmpegVersion !== undefined && { ffmpegVersion: this.#ffmpegVersion }),
    };
    this.#options.queue
      .publishEvent(event)
      .catch((error: unknown) => this.#logger.debug({ err: error }, 'heartbeat not published'));
  }
}
