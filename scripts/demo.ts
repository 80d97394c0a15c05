/**
 * From a file on disk to a playing video, with the same server, worker and upload engine that a farm has.
 *
 *   npm run demo [-- [--once] [FILE...]]
 */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { uploadFiles } from '@reelmill/desktop/cli/uploadCommand.ts';
import { type Client, createClient } from '@reelmill/desktop/node/client.ts';
import { clientFolderAt } from '@reelmill/desktop/node/clientFolder.ts';
import { type RunningServer, startServer } from '@reelmill/server/app/server.ts';
import { CleanupStack } from '@reelmill/shared/runtime/cleanupStack.ts';
import { readServerConfig, type ServerConfig } from '@reelmill/shared/runtime/config.ts';
import { setPrivateUmask } from '@reelmill/shared/runtime/filePermissions.ts';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import { openAccount } from './demo/account.ts';
import { makeSample } from './demo/sample.ts';
import { verifyPlayback } from './demo/verifyPlayback.ts';

const USAGE = 'usage: npm run demo [-- [--once] [FILE...]]';

setPrivateUmask();
const cleanupStack = new CleanupStack();
try {
  process.exitCode = await demo(readArguments());
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
} finally {
  await cleanupStack.release();
}

function readArguments(): { files: string[]; once: boolean } {
  try {
    const { values, positionals } = parseArgs({
      options: { once: { type: 'boolean' } },
      allowPositionals: true,
    });
    return { files: positionals, once: values.once ?? false };
  } catch (cause) {
    throw new Error(USAGE, { cause });
  }
}

async function demo(options: { files: string[]; once: boolean }): Promise<number> {
  const config = readServerConfig({ ...process.env, REELMILL_PROFILE: 'standalone' });
  const files = await findFiles(options.files, config.dataDir);
  const server = await startDemoServer(config);
  console.log(`Server and one worker at ${server.url}, data in ${config.dataDir}, log in demo.log there.`);

  const client = createClient(clientFolderAt(path.join(config.dataDir, 'demo')));
  cleanupStack.add('client', () => client.close());
  const account = await openAccount(server.url, path.join(config.dataDir, 'demo', 'account.json'));
  const session = await client.logIn(server.url, account);
  const exitCode = await uploadFiles(client, process, { session, paths: files, options: { wait: true } });
  if (exitCode !== 0) return exitCode;

  await verifyNewest(client, files.length);
  if (options.once) return 0;
  console.log(
    `Open the address above in a browser. Ctrl-C ends the demo; what it made stays in ${config.dataDir}.`,
  );
  await untilInterrupted();
  return 0;
}

async function findFiles(given: readonly string[], dataDir: string): Promise<string[]> {
  await mkdir(path.join(dataDir, 'demo'), { recursive: true });
  if (given.length === 0) {
    console.log('No file given: making a sample of 30 seconds.');
    return [await makeSample(path.join(dataDir, 'demo'))];
  }
  for (const file of given) {
    await access(file).catch((cause: unknown) => {
      throw new Error(`There is no file ${file}.`, { cause });
    });
  }
  return [...given];
}

/** The server's own log goes to a file, for the terminal belongs to the progress bars. */
async function startDemoServer(config: ServerConfig): Promise<RunningServer> {
  const log = createWriteStream(path.join(config.dataDir, 'demo.log'), { flags: 'a' });
  await once(log, 'open');
  cleanupStack.add('log', () => new Promise<void>((resolve) => log.end(resolve)));
  const logger = createLogger({ level: config.LOG_LEVEL, name: 'demo' }, log);
  const server = await startServer(config, { logger }).catch((error: unknown) => {
    if (!isPortInUse(error) || process.env.PORT) throw error;
    console.log(`Port ${config.PORT} is in use; taking a free one.`);
    return startServer({ ...config, PORT: 0 }, { logger });
  });
  cleanupStack.add('server', () => server.stop());
  return server;
}

function isPortInUse(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}

/** Plays the videos that were just made, from end to end. */
async function verifyNewest(client: Client, count: number): Promise<void> {
  const session = await client.session();
  if (session === null) throw new Error('The session of the demo is gone.');
  const { videos } = await client
    .api(session)
    .listVideos({ limit: count, offset: 0 }, AbortSignal.timeout(30_000));
  for (const video of videos) {
    if (video.playback_url === null || video.duration === null)
      throw new Error(`${video.title} is not online.`);
    const { frames } = await verifyPlayback(video.playback_url, video.duration);
    console.log(`${video.title}: played through, ${frames} frames, ${video.duration.toFixed(1)} s.`);
  }
}

function untilInterrupted(): Promise<unknown> {
  return Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
}
