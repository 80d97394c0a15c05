import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type RunningProcess, startProcess } from '../support/processes.ts';
import { type ClockShift, clockEnvironment } from './clock.ts';
import type { Timeline } from './timeline.ts';

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;
/** A program that ran for so long is started again without delay. */
const STEADY_MS = 10_000;
const STOP_MS = 40_000;

export interface ProgramOptions {
  name: string;
  args: readonly string[];
  env: Record<string, string>;
  cwd: string;
  /** The program's output is added to a file of its name. */
  logFolder: string;
  timeline: Timeline;
}

/** A program that is started again whenever it ends, as `restart: unless-stopped` of compose does. */
export class Program {
  readonly name: string;
  /** How often it ended by itself. */
  exits = 0;
  readonly #options: ProgramOptions;
  #process: RunningProcess | null = null;
  #wanted = false;
  #killed = false;
  #clock: ClockShift = 'right';
  #keeping: Promise<void> = Promise.resolve();
  #wake = new AbortController();

  constructor(options: ProgramOptions) {
    this.#options = options;
    this.name = options.name;
  }

  /** Of the running process; null where there is none. */
  get pid(): number | null {
    return this.#process !== null && this.#process.exit === null ? this.#process.pid : null;
  }

  /** Starts it, unless it runs. */
  start(clock: ClockShift = this.#clock): void {
    this.#clock = clock;
    if (this.#wanted) return;
    this.#wanted = true;
    this.#wake = new AbortController();
    const before = this.#keeping;
    this.#keeping = before.then(() => this.#keepRunning());
  }

  signal(signal: NodeJS.Signals): void {
    const { pid } = this;
    if (pid !== null) process.kill(pid, signal);
  }

  /** SIGKILL; it stays ended until `start`. */
  async kill(): Promise<void> {
    this.#wanted = false;
    this.#killed = true;
    this.#wake.abort();
    this.signal('SIGKILL');
    await this.#keeping;
  }

  /** SIGTERM and, where that does not end it in time, SIGKILL. Returns whether it ended by itself with exit code 0. */
  async stop(): Promise<boolean> {
    this.#wanted = false;
    this.#killed = true;
    this.#wake.abort();
    const ended = this.#process;
    await ended?.stop(STOP_MS);
    await this.#keeping;
    return ended === null || ended.exit?.code === 0;
  }

  async #keepRunning(): Promise<void> {
    const { name, args, cwd, env, logFolder, timeline } = this.#options;
    let pauseMs = FIRST_PAUSE_MS;
    while (this.#wanted) {
      this.#killed = false;
      const begun = performance.now();
      const process_ = startProcess(process.execPath, args, {
        name,
        cwd,
        env: { ...env, ...clockEnvironment(this.#clock) },
      });
      this.#process = process_;
      const log = createWriteStream(path.join(logFolder, `${name}.log`), { flags: 'a' });
      process_.child.stdout?.pipe(log, { end: false });
      process_.child.stderr?.pipe(log, { end: false });
      const { code, signal } = await new Promise<NonNullable<RunningProcess['exit']>>((resolve) =>
        process_.child.once('close', (code, signal) => resolve({ code, signal })),
      );
      log.end();
      if (this.#killed) return;
      this.exits += 1;
      timeline.add(`${name} ended by itself (${signal ?? `exit code ${code}`}), starts again`);
      if (performance.now() - begun > STEADY_MS) pauseMs = FIRST_PAUSE_MS;
      await pause(pauseMs, undefined, { signal: this.#wake.signal }).catch(() => undefined);
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
  }
}
