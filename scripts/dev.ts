/**
 * Server, worker and the app's page, each started again or reloaded when its sources change:
 *
 *   npm run dev
 *
 * Everything is kept in `.dev`. `PORT` and `PAGE_PORT` name other ports.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setPrivateUmask } from '@reelmill/shared/runtime/filePermissions.ts';
import { keepAccount } from './demo/account.ts';
import { makeSample } from './demo/sample.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const FOLDER = path.join(ROOT, '.dev');
const PORT = process.env.PORT || '8081';
const PAGE_PORT = process.env.PAGE_PORT || '5173';
const PAGE_URL = `http://127.0.0.1:${PAGE_PORT}`;
/** `node --watch` alone sees what a process imports, but not what its worker, a process of its own, does. */
const SERVER_SOURCES = ['server/src', 'worker/src', 'shared/src'];

setPrivateUmask();
const children = await startAll();
const endings = children.map((child) => once(child, 'exit'));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stopAll);
await Promise.race(endings);
stopAll();
await Promise.all(endings);

async function startAll(): Promise<ChildProcess[]> {
  await mkdir(FOLDER, { recursive: true });
  await makeSample(path.join(FOLDER, 'videos'));
  const accountFile = path.join(FOLDER, 'account.json');
  const account = await keepAccount(accountFile);
  const watched = SERVER_SOURCES.map((folder) => `--watch-path=${folder}`);
  console.log(
    `API at http://127.0.0.1:${PORT}; the admin's password is in ${path.relative(ROOT, accountFile)}.`,
  );
  return [
    start([...watched, '--watch-preserve-output', 'server/src/main.ts'], {
      REELMILL_PROFILE: 'standalone',
      REELMILL_DATA: path.join(FOLDER, 'server'),
      PORT,
      CORS_ORIGINS: PAGE_URL,
      ADMIN_EMAIL: account.email,
      ADMIN_PASSWORD: account.password,
      // the page asks often, and each request is logged
      LOG_LEVEL: process.env.LOG_LEVEL || 'warn',
      // a task that is interrupted is made again after the restart
      DRAIN_SECONDS: '0',
    }),
    start(['--watch', '--watch-preserve-output', 'scripts/dev/page.ts'], {
      PAGE_PORT,
      DEV_FOLDER: FOLDER,
      DEV_SERVER: `http://127.0.0.1:${PORT}`,
    }),
  ];
}

function start(args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  const flags = ['--disable-warning=ExperimentalWarning'];
  return spawn(process.execPath, [...flags, ...args], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
}

function stopAll(): void {
  for (const child of children) child.kill();
}
