import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import {
  type StartEmbeddedWorker,
  type StopEmbeddedWorker,
  startEmbeddedWorkerSchema,
} from '@reelmill/shared/contracts/embeddedWorker.ts';
import { backoffMs } from '@reelmill/shared/core/backoff.ts';
import { HEARTBEAT_MS } from '@reelmill/shared/core/workerHealth.ts';
import { processChannel } from '@reelmill/shared/drivers/ipc/channel.ts';
import { serveJobQueue } from '@reelmill/shared/drivers/ipc/queueServer.ts';
import type { JobQueue } from '@reelmill/shared/ports/jobQueue.ts';
import { childWorkerEnvironment } from '@reelmill/shared/runtime/config.ts';
import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import { readVersion } from '../context/version.ts';
import { forwardLog } from './forwardLog.ts';

/**
 *   running ──exit──▶ waiting ──backoff──▶ running        waiting: its heartbeats say unhealthy, with the reason
 *      └──stop──▶ stopping ──exit, or killed──▶ stopped
 */
const RESTART = { baseMs: 1_000, maxMs: 30_000 };
/** The backoff starts again for a process that ran at least so long. */
const STABLE_MS = 60_000;
/** For the release of a task, in addition to the time for finishing it. */
const STOP_MARGIN_MS = 12_000;
/** A worker that sends no heartbeat for so long is killed. */
const SILENT_MS = 60_000;
const PROGRAM = fileURLToPath(import.meta.resolve('@reelmill/worker/embedded.ts'));

export interface EmbeddedWorkerOptions {
  /** The queue of this process, which the child uses over IPC. */
  queue: JobQueue;
  logger: Logger;
  start: StartEmbeddedWorker;
  silentMs?: number;
}

/** Runs a worker as a child process, and restarts it whenever it exits by itself. */
export class EmbeddedWorker {
  readonly #options: EmbeddedWorkerOptions;
  readonly #stopping = new AbortController();
  readonly #ended: Promise<void>;
  #child: ChildProcess | null = null;

  constructor(options: EmbeddedWorkerOptions) {
    this.#options = options;
    this.#ended = this.#keepRunning();
  }

  /** The child finishes or releases its task and exits; one that does not is killed. A second call also waits. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const child = this.#child;
    const stop: StopEmbeddedWorker = { type: 'stop' };
    if (child?.connected) child.send(stop, () => undefined);
    const limitMs = this.#options.start.worker.drainSeconds * 1000 + STOP_MARGIN_MS;
    const kill = setTimeout(() => child?.kill('SIGKILL'), limitMs);
    await this.#ended;
    clearTimeout(kill);
  }

  async #keepRunning(): Promise<void> {
    const { signal } = this.#stopping;
    for (let deaths = 0; !signal.aborted; ) {
      const begun = performance.now();
      const reason = await this.#runOnce();
      if (signal.aborted) return;
      deaths = performance.now() - begun > STABLE_MS ? 1 : deaths + 1;
      const pauseMs = backoffMs(deaths, RESTART);
      this.#options.logger.error({ reason, deaths, pause_ms: pauseMs }, 'embedded worker ended');
      await this.#wait(pauseMs, reason);
    }
  }

  /** Runs one child to its end and returns why it ended. */
  async #runOnce(): Promise<string> {
    const { queue, logger, start, silentMs = SILENT_MS } = this.#options;
    const child = fork(PROGRAM, [], {
      execArgv: [],
      env: childWorkerEnvironment(),
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child = child;
    serveJobQueue(queue, processChannel(child), logger);
    if (child.stderr) forwardLog(child.stderr, logger);
    // a process that hangs would hold its task, and the only consumer of the queue, forever
    const watchdog = setTimeout(() => {
      logger.error({ silent_ms: silentMs, worker_pid: child.pid }, 'embedded worker silent, killed');
      child.kill('SIGKILL');
    }, silentMs);
    child.on('message', () => watchdog.refresh());
    // the schema removes other properties of the objects
    child.send(startEmbeddedWorkerSchema.parse(start), () => undefined);
    const reason = await untilEnded(child);
    clearTimeout(watchdog);
    this.#child = null;
    return reason;
  }

  /** Waits, and meanwhile sends heartbeats of an unhealthy worker in its place. */
  async #wait(pauseMs: number, reason: string): Promise<void> {
    const { signal } = this.#stopping;
    const report = (): void => this.#reportUnhealthy(`${reason}; it restarts`);
    report();
    const heartbeat = setInterval(report, HEARTBEAT_MS);
    const ended = AbortSignal.any([signal, AbortSignal.timeout(pauseMs)]);
    if (!ended.aborted) await once(ended, 'abort');
    clearInterval(heartbeat);
  }

  #reportUnhealthy(reason: string): void {
    const { queue, logger, start } = this.#options;
    const at = new Date().toISOString();
    queue
      .publishEvent({
        v: 1,
        type: 'heartbeat',
        workerId: start.worker.workerId,
        at,
        host: hostname(),
        cpus: start.worker.threads,
        version: readVersion(),
        startedAt: at,
        state: 'unhealthy',
        taskId: null,
        reason,
      })
      .catch((error: unknown) => logger.debug({ err: error }, 'heartbeat not published'));
  }
}

function untilEnded(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) =>
      resolve(
        signal === null ? `its process ended with exit code ${code}` : `its process ended by ${signal}`,
      ),
    );
    child.on('error', ({ message }) => {
      // for a running process an exit event follows
      if (child.pid === undefined) resolve(`its process cannot be started: ${message}`);
    });
  });
}
