import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { withTimeout } from '@reelmill/shared/runtime/timeout.ts';
import { _electron, type BrowserContext, type ElectronApplication, type Page } from 'playwright-core';
import { prepareLaunch } from '../../scripts/packaging/stageApp.ts';
import { buildWhereNeeded, DESKTOP_FOLDER } from './desktopBuild.ts';
import { makeTemporaryFolder, startProcess } from './processes.ts';
import type { VirtualScreen } from './virtualScreen.ts';

export const START_TIMEOUT_MS = 60_000;
const ACTION_TIMEOUT_MS = 15_000;
const CLOSE_TIMEOUT_MS = 20_000;
const KEPT_LINES = 200;

export interface DesktopAppOptions {
  /** What it keeps between two starts. */
  dataDir: string;
  screen: VirtualScreen;
  args?: readonly string[];
  env?: Readonly<Record<string, string | undefined>>;
}

/** The app with its window, as a user has it. */
export interface DesktopApp {
  /** Of its main process; the others come from it. */
  readonly pid: number;
  readonly page: Page;
  readonly context: BrowserContext;
  /** What the page's console called an error or a warning, as far as the test did not expect it. */
  readonly complaints: string[];
  /** Drops files and folders of this disk on the middle of the window. */
  drop(files: readonly string[]): Promise<void>;
  /** What it printed and logged last. */
  lastLines(): string;
  waitForExit(timeoutMs?: number): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Ends it; with all its processes at once where it does not end in time. */
  close(): Promise<void>;
  /** SIGKILL to all its processes. */
  kill(): Promise<void>;
}

/** The app as it is built, whose main process can be looked into. */
export interface BuiltApp extends DesktopApp {
  readonly electron: ElectronApplication;
}

/** Starts the built app, and builds it first where that is needed. The page has drawn itself when this resolves. */
export async function startDesktopApp(options: DesktopAppOptions): Promise<BuiltApp> {
  await buildWhereNeeded();
  const stage = await makeTemporaryFolder('electron');
  const { executable, args } = await prepareLaunch(DESKTOP_FOLDER, stage.path);
  const electron = await _electron.launch({
    executablePath: executable,
    args: [...switches(), ...args, ...(options.args ?? [])],
    env: environment(options),
    timeout: START_TIMEOUT_MS,
    // as the app itself and its settings have it
    colorScheme: null,
  });
  const app = await openWindow(electron.process(), {
    context: electron.context(),
    dataDir: options.dataDir,
    requestEnd: () => electron.close(),
  });
  electron.process().once('exit', () => void stage.remove());
  return { ...app, electron };
}

/** Starts the app once more beside one that runs with the same data; returns how that start ended. */
export async function startBeside(options: DesktopAppOptions): Promise<{ code: number | null }> {
  const stage = await makeTemporaryFolder('electron');
  try {
    const { executable, args } = await prepareLaunch(DESKTOP_FOLDER, stage.path);
    const second = startProcess(executable, [...switches(), ...args, ...(options.args ?? [])], {
      env: environment(options),
      name: 'the second start',
    });
    return await second.waitForExit().finally(() => second.kill());
  } finally {
    await stage.remove();
  }
}

/** Chromium does not start as root with its sandbox, and needs nothing of the network but what the app asks for. */
export function switches(): string[] {
  const sandbox = process.platform === 'linux' && process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return [...sandbox, '--disable-background-networking', '--disable-component-update'];
}

/** Nothing of this machine's desktop, and English. */
export function environment({ dataDir, screen, env }: DesktopAppOptions): Record<string, string> {
  const all = {
    ...process.env,
    ...screen.env,
    XDG_CONFIG_HOME: path.join(dataDir, 'xdg'),
    XDG_CACHE_HOME: path.join(dataDir, 'xdg'),
    DBUS_SESSION_BUS_ADDRESS: 'unix:path=/dev/null',
    LANGUAGE: 'en_US',
    LC_ALL: 'en_US.UTF-8',
    ...env,
    REELMILL_DESKTOP_DATA: dataDir,
  };
  // Playwright takes no undefined
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

interface StartedApp {
  context: BrowserContext;
  dataDir: string;
  /** Asks the app to end; may hang. */
  requestEnd(): Promise<unknown>;
}

/** Waits for the window of an app that was started; ends the app where none comes. */
export async function openWindow(child: ChildProcess, started: StartedApp): Promise<DesktopApp> {
  const { context, dataDir, requestEnd } = started;
  const lines = keepLines(child);
  const lastLines = (): string =>
    [...lines.slice(-30), ...tail(path.join(dataDir, 'logs', 'main.log'))].join('\n');
  const exited = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
  const waitForExit = (timeoutMs = CLOSE_TIMEOUT_MS) =>
    withTimeout(exited, timeoutMs, () => new Error(`the app did not end in ${timeoutMs} ms`));
  const kill = async (): Promise<void> => {
    killTree(child);
    await exited;
  };
  const close = async (): Promise<void> => {
    if (hasExited(child)) return;
    requestEnd().catch(() => undefined);
    await waitForExit().catch(kill);
  };
  try {
    const page = context.pages()[0] ?? (await context.waitForEvent('page', { timeout: START_TIMEOUT_MS }));
    page.setDefaultTimeout(ACTION_TIMEOUT_MS);
    const complaints = keepComplaints(page);
    await page.locator('#root > *').first().waitFor({ state: 'attached', timeout: START_TIMEOUT_MS });
    const drop = (files: readonly string[]) => dropFiles(context, page, files);
    return { pid: child.pid ?? 0, page, context, complaints, drop, lastLines, waitForExit, close, kill };
  } catch (cause) {
    await kill();
    throw new Error(`the window did not open; the app's last lines:\n${lastLines()}`, { cause });
  }
}

function keepLines(child: ChildProcess): string[] {
  const lines: string[] = [];
  for (const input of [child.stdout, child.stderr]) {
    if (input === null) continue;
    createInterface({ input }).on('line', (line) => {
      lines.push(line);
      if (lines.length > KEPT_LINES) lines.shift();
    });
  }
  return lines;
}

function keepComplaints(page: Page): string[] {
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  return complaints;
}

/** As the system does when a user drops files on the window. */
async function dropFiles(context: BrowserContext, page: Page, files: readonly string[]): Promise<void> {
  const session = await context.newCDPSession(page);
  try {
    const data = { items: [], files: [...files], dragOperationsMask: 1 };
    // what the expression names
    const { innerWidth, innerHeight } = (await page.evaluate('({ innerWidth, innerHeight })')) as {
      innerWidth: number;
      innerHeight: number;
    }; // the page runs elsewhere, so its types are not known here
    const at = { x: Math.round(innerWidth / 2), y: Math.round(innerHeight / 2) };
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
      await session.send('Input.dispatchDragEvent', { type, ...at, data });
    }
  } finally {
    await session.detach();
  }
}

/** Chromium's processes are one group with the first, which Playwright and `spawn` begin with `detached`. */
function killTree(child: ChildProcess): void {
  if (child.pid === undefined || hasExited(child)) return;
  if (process.platform === 'win32') child.kill('SIGKILL');
  else process.kill(-child.pid, 'SIGKILL');
}

function hasExited(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function tail(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').slice(-30) : [];
}
