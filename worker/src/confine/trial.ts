import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { programEnvironment } from '@reelmill/shared/runtime/config.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { type Launch, launcherCommand, PERL, type Steps } from './launcher.ts';
import { findProgramFiles } from './programFiles.ts';

/** What came of a trial: `open` lists what the program could do and should not, as `<step> <what>`. */
export interface Trial {
  works: boolean;
  open: string[];
  /** Why it does not work. */
  error: string;
}

const CHECK = path.join(import.meta.dirname, 'check.pl');
const TIMEOUT_MS = 20_000;

/** Runs a program that tries to break out, and ffmpeg as it will be run, with these steps. Never rejects. */
export async function tryOut(steps: Steps, workDir: string): Promise<Trial> {
  try {
    const lines = await runCheck(steps, workDir);
    await runFfmpeg(steps);
    return { works: true, open: lines.filter((line) => line !== 'works'), error: '' };
  } catch (error) {
    return { works: false, open: [], error: error instanceof Error ? error.message : String(error) };
  }
}

async function runCheck(steps: Steps, workDir: string): Promise<string[]> {
  const folder = await mkdtemp(path.join(workDir, 'trial-'));
  const sockets = await mkdtemp(path.join(tmpdir(), 'reelmill-trial-'));
  const [workFolder, canary, socketPath] = [
    path.join(folder, 'work'),
    path.join(folder, 'canary'),
    path.join(sockets, 's'),
  ];
  const [open, closed, local] = await Promise.all([listen(), listen(), listen(socketPath)]);
  try {
    await mkdir(workFolder);
    await writeFile(canary, 'nobody else reads this');
    const lines = await run(steps, {
      files: await findProgramFiles(PERL),
      args: ['-e', await readFile(CHECK, 'utf8'), canary, `${open.port}`, `${closed.port}`, `${process.pid}`],
      workFolder,
      source: { port: open.port, socketPath: steps.namespace === null ? null : socketPath },
    });
    if ((await readFile(path.join(workFolder, 'made'), 'utf8')) !== 'made' || lines.at(-1) !== 'works') {
      throw new Error('the trial program did not come to its end');
    }
    return lines;
  } finally {
    for (const { server } of [open, closed, local]) server.close();
    await rm(folder, { recursive: true, force: true });
    await rm(sockets, { recursive: true, force: true });
  }
}

/** A machine without ffmpeg is found out by the self-test. */
async function runFfmpeg(steps: Steps): Promise<void> {
  const files = await findProgramFiles('ffmpeg').catch((error: unknown) => {
    if (error instanceof ReelmillError && error.code === 'unavailable') return null;
    throw error;
  });
  if (files !== null) await run(steps, { files, args: ['-version'], workFolder: null, source: null });
}

/** Lines of standard output. Rejects, with standard error, unless the program ends well. */
function run(steps: Steps, launch: Omit<Launch, 'memoryBytes'>): Promise<string[]> {
  const { file, args } = launcherCommand(steps, { ...launch, memoryBytes: null });
  const options = {
    env: programEnvironment(),
    timeout: TIMEOUT_MS,
    ...(launch.workFolder === null ? {} : { cwd: launch.workFolder }),
  };
  return new Promise((resolve, reject) => {
    execFile(file, args, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout.trim().split('\n'));
      else reject(new Error(stderr.trim() || `ended with ${error.signal ?? error.code}`, { cause: error }));
    });
  });
}

async function listen(socketPath?: string) {
  const server = createServer((socket) => socket.on('error', () => undefined).end());
  if (socketPath === undefined) server.listen(0, '127.0.0.1');
  else server.listen(socketPath);
  await once(server, 'listening');
  const address = server.address() as AddressInfo | string; // it listens
  return { server, port: typeof address === 'string' ? 0 : address.port };
}
