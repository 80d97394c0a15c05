/**
 * Builds the desktop app and starts it: `npm run desktop [-- ARGUMENT...]`. `REELMILL_DESKTOP_DATA` names another
 * folder for what it keeps.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import path from 'node:path';
import { buildDesktop } from '../desktop/build.ts';
import { findElectron } from './electronRuntime.mjs';

const APP = path.resolve(import.meta.dirname, '../desktop');
/** Chromium does not start as root with its sandbox. */
const SWITCHES = process.platform === 'linux' && process.getuid?.() === 0 ? ['--no-sandbox'] : [];

const electron = findElectron();
if (electron === null) throw new Error('Electron is not there; `npm run desktop` gets it.');
await buildDesktop();
process.exitCode = await runApp(electron.executable, [...SWITCHES, APP, ...process.argv.slice(2)]);

/** Runs until the app ends; a signal ends the app, and the app alone decides when. */
async function runApp(executable: string, args: readonly string[]): Promise<number> {
  const app = spawn(executable, args, { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => app.kill(signal));
  // the listener's arguments, which Node types as unknown
  const [code, signal] = (await once(app, 'close')) as [number | null, NodeJS.Signals | null];
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}
