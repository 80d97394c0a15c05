import { CleanupStack } from '@reelmill/shared/runtime/cleanupStack.ts';
import type { ServerConfig } from '@reelmill/shared/runtime/config.ts';
import { DependencyLog } from '@reelmill/shared/runtime/dependencies.ts';
import { createLogger, type Logger } from '@reelmill/shared/runtime/logger.ts';
import { withTimeout } from '@reelmill/shared/runtime/timeout.ts';
import { FarmSignals } from '../context/farmSignals.ts';
import type { ServerContext } from '../context/serverContext.ts';
import { readVersion } from '../context/version.ts';
import { openDatabase } from '../db/database.ts';
import { type Listener, openListener } from '../http/listener.ts';
import { PROFILES } from '../profiles/profiles.ts';
import { createPlaybackUrls } from '../signing/playbackUrls.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { VideoFeed } from '../videos/feed.ts';
import { createApp } from './createApp.ts';
import { openDependencies } from './openDependencies.ts';
import { startServices } from './services.ts';
import { createStartingApp } from './startingApp.ts';

export interface RunningServer {
  /** Address of the API as clients reach it, without a slash at the end. */
  readonly url: string;
  readonly address: { host: string; port: number };
  readonly context: ServerContext;
  /** Stops accepting requests, drains, and closes everything in order. A second call returns the same promise. */
  stop(): Promise<void>;
}

/** Limit for the cleanup after a failed start, which has served no requests yet. */
const RELEASE_TIMEOUT_MS = 2_000;

/**
 * Starts a server; several may run in one process. Binds its port at once and waits for database and store, until `signal`
 * is aborted. Throws ConfigError where one of them, or the broker, rejects it. Closes what it has opened where the start
 * fails.
 */
export async function startServer(
  config: ServerConfig,
  overrides: { logger?: Logger; signal?: AbortSignal } = {},
): Promise<RunningServer> {
  const logger = overrides.logger ?? createLogger({ level: config.LOG_LEVEL, name: 'server' });
  const cleanupStack = new CleanupStack();
  try {
    const listener = await openListener(config.HOST, config.PORT, {
      maxConnections: config.MAX_CONNECTIONS,
      // all connections come from the proxy, which has its own limits
      maxPerAddress: config.TRUST_PROXY > 0 ? 0 : config.MAX_CONNECTIONS_PER_ADDRESS,
    });
    cleanupStack.add('listener', () => listener.close());
    const signal = overrides.signal ?? new AbortController().signal;
    const context = await start(config, { logger, listener, cleanupStack, signal });
    const address = { host: listener.host, port: listener.port };
    logger.info({ url: context.publicUrl, ...address, profile: config.REELMILL_PROFILE }, 'ready');
    return { url: context.publicUrl, address, context, stop: () => cleanupStack.release() };
  } catch (error) {
    await withTimeout(cleanupStack.release(), RELEASE_TIMEOUT_MS).catch(() => undefined);
    throw error;
  }
}

interface StartParts {
  logger: Logger;
  listener: Listener;
  cleanupStack: CleanupStack;
  signal: AbortSignal;
}

async function start(
  config: ServerConfig,
  { logger, listener, cleanupStack, signal }: StartParts,
): Promise<ServerContext> {
  const localUrl = urlOf(listener);
  const publicUrl = config.PUBLIC_URL ?? localUrl;
  const version = readVersion();
  const metrics = createMetrics(version);
  const missing = new Set(['database', 'store', 'queue']);
  listener.serve(createStartingApp({ config, logger, metrics, publicUrl, version }, missing));
  const profile = PROFILES[config.REELMILL_PROFILE];
  const built = await profile.build({ config, logger, publicUrl, localUrl });
  const { startCompanions, prepare, release, ...parts } = built;
  cleanupStack.add('profile', release);
  cleanupStack.add('object store', () => parts.store.close());
  cleanupStack.add('job queue', () => parts.queue.close());
  const dependencyLog = new DependencyLog(logger);
  const database = await openDependencies({
    prepare,
    openDatabase: () => openDatabase(profile.locateDatabase(config), logger),
    signal,
    log: dependencyLog,
    missing,
  });
  cleanupStack.add('database', () => database.close());
  const stopping = new AbortController();
  const context: ServerContext = {
    ...parts,
    config,
    logger,
    database,
    dependencyLog,
    publicUrl,
    playbackUrls: createPlaybackUrls({
      publicUrl,
      secret: parts.secrets.playbackUrls,
      ttlSeconds: config.PLAYBACK_TTL_SECONDS,
      legacyUnlistedDays: config.LEGACY_UNLISTED_DAYS,
      store: parts.store,
    }),
    signals: new FarmSignals(),
    metrics,
    version,
    stopping: stopping.signal,
  };
  await startServices(context, cleanupStack, signal);
  const feed = new VideoFeed(context);
  cleanupStack.add('video feed', () => feed.stop());
  listener.serve(createApp(context, feed));
  // requests end before what they use; companions end before requests, since they are clients themselves
  cleanupStack.add('requests', async () => {
    stopping.abort();
    await listener.close();
  });
  await startCompanions(cleanupStack);
  return context;
}

function urlOf({ host, port }: Listener): string {
  // clients cannot connect to the wildcard address
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}
