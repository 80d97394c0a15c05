import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { withTimeout } from '@reelmill/shared/runtime/timeout.ts';
import { chromium } from 'playwright-core';
import {
  type DesktopApp,
  type DesktopAppOptions,
  environment,
  openWindow,
  START_TIMEOUT_MS,
  switches,
} from './desktopApp.ts';
import { buildWhereNeeded } from './desktopBuild.ts';

const run = promisify(execFile);
const DIST = path.resolve(import.meta.dirname, '../../scripts/dist.ts');
const PACK_TIMEOUT_MS = 300_000;

/** Packs the app into a folder, as `npm run dist:dir` does with this environment, and returns the program in it. */
export async function packApp(output: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  await buildWhereNeeded();
  const args = [DIST, '--dir', '--built', '--output', output];
  await run(process.execPath, args, { timeout: PACK_TIMEOUT_MS, env: { ...process.env, ...env } });
  return path.join(output, programIn(process.arch === 'arm64' ? '-arm64' : ''));
}

/** Where electron-builder puts the program; `arch` is the ending of a folder that is not for x64. */
function programIn(arch: string): string {
  if (process.platform === 'darwin') return `mac${arch}/Reelmill.app/Contents/MacOS/Reelmill`;
  return process.platform === 'win32' ? `win${arch}-unpacked/Reelmill.exe` : `linux${arch}-unpacked/reelmill`;
}

/** Starts a packed app. Its main process takes no debugger, so only its window can be looked into. */
export async function startPackagedApp(executable: string, options: DesktopAppOptions): Promise<DesktopApp> {
  const child = spawn(executable, [...switches(), '--remote-debugging-port=0', ...(options.args ?? [])], {
    env: environment(options),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const endpoint = Promise.withResolvers<string>();
  createInterface({ input: child.stderr }).on('line', (line) => {
    const [, url] = /^DevTools listening on (ws:\S+)/.exec(line) ?? [];
    if (url !== undefined) endpoint.resolve(url);
  });
  once(child, 'exit').then(([code]) => endpoint.reject(new Error(`${executable} ended with ${code}`)));
  try {
    const url = await withTimeout(
      endpoint.promise,
      START_TIMEOUT_MS,
      () => new Error(`${executable} printed no address`),
    );
    const browser = await chromium.connectOverCDP(url, { timeout: START_TIMEOUT_MS });
    const [context] = browser.contexts();
    if (context === undefined) throw new Error(`${executable} opens no window`);
    return await openWindow(child, {
      context,
      dataDir: options.dataDir,
      requestEnd: async () => child.kill('SIGTERM'),
    });
  } catch (error) {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
    throw error;
  }
}
