import { ConfigError, readServerConfig } from '@reelmill/shared/runtime/config.ts';
import { setPrivateUmask } from '@reelmill/shared/runtime/filePermissions.ts';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import { exitOnSignals } from '@reelmill/shared/runtime/shutdown.ts';
import { ignoreBrokenOutput } from '@reelmill/shared/runtime/standardError.ts';
import { withTimeout } from '@reelmill/shared/runtime/timeout.ts';
import { startTracing } from '@reelmill/shared/runtime/tracing.ts';
import { startServer } from './app/server.ts';
import { readVersion } from './context/version.ts';

const STOP_DEADLINE_MS = 28_000;
/** A server that still waits for what it depends on has nothing to finish. */
const ABORT_START_MS = 2_000;

const stopping = new AbortController();
setPrivateUmask();
ignoreBrokenOutput();
try {
  const config = readServerConfig(process.env);
  const logger = createLogger({ level: config.LOG_LEVEL, name: 'server' });
  const traces = await startTracing(config, { name: 'reelmill-server', version: readVersion(), logger });
  const starting = startServer(config, { logger, signal: stopping.signal });
  exitOnSignals({
    logger,
    deadlineMs: STOP_DEADLINE_MS,
    async stop() {
      stopping.abort();
      const server = await withTimeout(starting, ABORT_START_MS).catch(() => null);
      await server?.stop().finally(() => traces.stop());
    },
  });
  await starting;
} catch (error) {
  // a process that was asked to stop exits with 0 by itself
  if (!stopping.signal.aborted) fail(error);
}

function fail(error: unknown): never {
  process.stderr.write(`${error instanceof ConfigError ? error.message : describe(error)}\n`);
  process.exit(1);
}

/** What the system refused (a port in use, a folder that cannot be written) says it all in its message. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error ? error.message : (error.stack ?? error.message);
}
