/**
 * Builds the desktop app and starts it: `npm run desktop [-- ARGUMENT...]`. `REELMILL_DESKTOP_DATA` names another
 * folder for what it keeps.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import path from 'node:path';
import { buildDesktop } from '../desktop/build.ts';
import { type Launch, prepareLaunch } from './packaging/stageApp.ts';

const APP = path.resolve(import.meta.dirname, '../desktop');
/** Chromium does not start as root with its sandbox. */
const SWITCHES = process.platform === 'linux' && process.getuid?.() === 0 ? ['--no-sandbox'] : [];

const stage = await mkdtemp(path.join(tmpdir(), 'reelmill-desktop-'));
try {
  await buildDesktop();
  process.exitCode = await runApp(await prepareLaunch(APP, stage));
} finally {
  await rm(stage, { recursive: true, force: true });
}

/** Runs until the app ends; a signal is the app's, which decides when. */
async function runApp({ executable, args }: Launch): Promise<number> {
  const app = spawn(executable, [...SWITCHES, ...args, ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => app.kill(signal));
  // the listener's arguments, which Node types as unknown
  const [code, signal] = (await once(app, 'close')) as [number | null, NodeJS.Signals | null];
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}
