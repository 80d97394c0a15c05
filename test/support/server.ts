import path from 'node:path';
import { startServer } from '@reelmill/server/app/server.ts';
import type { ServerContext } from '@reelmill/server/context/serverContext.ts';
import { readServerConfig } from '@reelmill/shared/runtime/config.ts';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import { makeTemporaryFolder, type RunningProcess, startProcess } from './processes.ts';
import { addQuickAccount } from './quickAccount.ts';
import { offerQuickSignUp } from './quickSignUp.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const KEPT_LINES = 500;

export interface TestServer {
  /** Without a slash at the end. */
  readonly url: string;
  /** The same where it listens, whatever `PUBLIC_URL` is. */
  readonly localUrl: string;
  readonly context: ServerContext;
  readonly dataDir: string;
  /** What it logged, as it came. */
  logLines(): readonly string[];
  /** Stops it; its data go too, where they were made for it. */
  stop(): Promise<void>;
}

/** A standalone server in this process, on a free port, with data of its own and without a worker unless asked for. */
export async function startTestServer(
  options: { env?: Record<string, string>; dataDir?: string } = {},
): Promise<TestServer> {
  const folder = options.dataDir === undefined ? await makeTemporaryFolder('server') : undefined;
  const dataDir = options.dataDir ?? folder?.path ?? '';
  const lines: string[] = [];
  const write = (line: string): void => {
    lines.push(line);
    if (lines.length > KEPT_LINES) lines.shift();
  };
  try {
    const config = readServerConfig({
      PORT: '0',
      REELMILL_DATA: dataDir,
      EMBEDDED_WORKER: 'false',
      ...options.env,
    });
    const logger = createLogger({ level: config.LOG_LEVEL, name: 'server' }, { write });
    const server = await startServer(config, { logger });
    const localUrl = `http://127.0.0.1:${server.address.port}`;
    const { models } = server.context.database;
    const endQuickSignUp = offerQuickSignUp(localUrl, (name) => addQuickAccount(models, name));
    return {
      url: server.url,
      localUrl,
      context: server.context,
      dataDir,
      logLines: () => lines,
      async stop() {
        endQuickSignUp();
        await server.stop();
        await folder?.remove();
      },
    };
  } catch (error) {
    await folder?.remove();
    throw error;
  }
}

export interface ServerProcess {
  readonly url: string;
  readonly process: RunningProcess;
  stop(): Promise<void>;
}

/** A server as a process of its own, with this environment; ready when this resolves. */
export async function startServerProcess(env: Record<string, string>): Promise<ServerProcess> {
  // the arguments of `npm start` and of the server's image
  const flags = ['--max-semi-space-size=4', '--disable-warning=ExperimentalWarning'];
  const args = [...flags, path.join(ROOT, 'server/src/main.ts')];
  const server = startProcess(process.execPath, args, {
    env: { PORT: '0', LOG_LEVEL: 'info', ...env },
    cwd: ROOT,
    name: 'server',
  });
  try {
    const line = await server.waitForLine(/"msg":"ready"/, 60_000);
    const { url } = JSON.parse(line) as { url: string }; // the ready line names it
    return { url, process: server, stop: () => server.stop(30_000) };
  } catch (error) {
    await server.stop();
    throw error;
  }
}
