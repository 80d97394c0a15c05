import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { constants, tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { withTimeout } from '@reelmill/shared/runtime/timeout.ts';

const KEPT_LINES = 200;
const POLL_MS = 50;

export interface ProcessOptions {
  /** Added to (or, with undefined, removed from) this process's environment. */
  env?: Record<string, string | undefined>;
  cwd?: string;
  /** How the process is called in failures. */
  name?: string;
}

/** A program that a test started and must stop; its last lines go into the message of a failure. */
export interface RunningProcess {
  readonly name: string;
  readonly pid: number;
  readonly child: ChildProcess;
  /** Null while it runs. */
  readonly exit: { code: number | null; signal: NodeJS.Signals | null } | null;
  /** The last lines of standard output and standard error, as they came; 40 by default, 200 at most. */
  lastLines(count?: number): string;
  /** Resolves with the first line, of those kept and those to come, that matches; rejects when the process ends. */
  waitForLine(pattern: RegExp, timeoutMs?: number): Promise<string>;
  /** Resolves when `isReady` returns true; rejects when the process ends first. */
  waitUntil(what: string, isReady: () => Promise<boolean> | boolean, timeoutMs?: number): Promise<void>;
  waitForExit(timeoutMs?: number): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** SIGTERM, and SIGKILL after `graceMs`; resolves when it is gone. Stopping twice is harmless. */
  stop(graceMs?: number): Promise<void>;
  /** SIGKILL at once. */
  kill(): Promise<void>;
}

export interface TemporaryFolder {
  readonly path: string;
  remove(): Promise<void>;
}

const running = new Set<ChildProcess>();
const folders = new Set<string>();

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
  for (const folder of folders)
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  const exitUnlessHandled = (): void => {
    // without a listener a signal would skip the clean-up above; where there is another, that one decides
    if (process.listenerCount(signal) === 1) process.exit(128 + constants.signals[signal]);
  };
  process.on(signal, exitUnlessHandled);
}

/** An empty folder, removed by `remove` or, at the latest, when this process exits. */
export async function makeTemporaryFolder(name: string, parent = tmpdir()): Promise<TemporaryFolder> {
  const folder = await mkdtemp(path.join(parent, `reelmill-${name}-`));
  folders.add(folder);
  return {
    path: folder,
    remove: async () => {
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
      folders.delete(folder);
    },
  };
}

/** Starts a program with its output captured. It is killed when this process exits, if it was not stopped before. */
export function startProcess(
  command: string,
  args: readonly string[],
  options: ProcessOptions = {},
): RunningProcess {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const name = options.name ?? command;
  const lines: string[] = [];
  const listeners = new Set<(line: string) => void>();
  const keep = (line: string): void => {
    lines.push(line);
    if (lines.length > KEPT_LINES) lines.shift();
    for (const listener of listeners) listener(line);
  };
  createInterface({ input: child.stdout }).on('line', keep);
  createInterface({ input: child.stderr }).on('line', keep);

  let exit: RunningProcess['exit'] = null;
  running.add(child);
  const gone = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    const onEnd = (code: number | null, signal: NodeJS.Signals | null): void => {
      running.delete(child);
      exit ??= { code, signal };
      resolve(exit);
    };
    child.once('close', onEnd);
    child.once('error', (error) => {
      keep(`could not be started: ${error.message}`);
      onEnd(127, null);
    });
  });
  const lastLines = (count = 40): string => lines.slice(-count).join('\n');
  const failure = (what: string): Error => new Error(`${name} ${what}; its last lines:\n${lastLines()}`);
  const endedEarly = async (): Promise<never> => {
    const { code, signal } = await gone;
    throw failure(`ended (${signal ?? `exit code ${code}`})`);
  };

  const waitForExit = (timeoutMs = 30_000) =>
    withTimeout(gone, timeoutMs, () => failure(`did not end in ${timeoutMs} ms`));
  return {
    name,
    child,
    lastLines,
    waitForExit,
    get pid() {
      return child.pid ?? -1;
    },
    get exit() {
      return exit;
    },
    async waitForLine(pattern, timeoutMs = 30_000) {
      const known = lines.find((line) => pattern.test(line));
      if (known !== undefined) return known;
      const found = Promise.withResolvers<string>();
      const listener = (line: string): void => {
        if (pattern.test(line)) found.resolve(line);
      };
      listeners.add(listener);
      try {
        return await withTimeout(Promise.race([found.promise, endedEarly()]), timeoutMs, () =>
          failure(`did not print ${pattern} in ${timeoutMs} ms`),
        );
      } finally {
        listeners.delete(listener);
      }
    },
    async waitUntil(what, isReady, timeoutMs = 60_000) {
      const ready = waitFor(what, async () => exit !== null || (await isReady()), { timeoutMs });
      await ready.catch((error: Error) => {
        throw failure(`is not ready: ${error.message}`);
      });
      if (exit !== null) await endedEarly();
    },
    async stop(graceMs = 10_000) {
      if (exit !== null) return;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await gone;
      clearTimeout(timer);
    },
    async kill() {
      if (exit !== null) return;
      child.kill('SIGKILL');
      await gone;
    },
  };
}

/**
 * Calls `condition` until it returns something truthy, and returns that. An error thrown by the condition counts as
 * "not yet" and is named in the failure.
 */
export async function waitFor<T>(
  what: string,
  condition: () => Promise<T> | T,
  options: { timeoutMs?: number; pollMs?: number } = {},
): Promise<NonNullable<T>> {
  const timeoutMs = options.timeoutMs ?? 30_000;
  const deadline = performance.now() + timeoutMs;
  let lastError: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value) return value;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() > deadline) {
      throw new Error(`waited ${timeoutMs} ms in vain: ${what}`, { cause: lastError });
    }
    await pause(options.pollMs ?? POLL_MS);
  }
}

/** A TCP port of the loopback address that was free a moment ago. */
export async function findFreePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('the probe has no TCP port');
  return address.port;
}
