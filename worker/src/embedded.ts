import {
  type StartEmbeddedWorker,
  startEmbeddedWorkerSchema,
  stopEmbeddedWorkerSchema,
} from '@reelmill/shared/contracts/embeddedWorker.ts';
import { createDiskStore } from '@reelmill/shared/drivers/diskStore.ts';
import { processChannel } from '@reelmill/shared/drivers/ipc/channel.ts';
import { createIpcQueue } from '@reelmill/shared/drivers/ipcQueue.ts';
import { CleanupStack } from '@reelmill/shared/runtime/cleanupStack.ts';
import { setPrivateUmask } from '@reelmill/shared/runtime/filePermissions.ts';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import { exitOnSignals } from '@reelmill/shared/runtime/shutdown.ts';
import { ignoreBrokenOutput } from '@reelmill/shared/runtime/standardError.ts';
import { withTimeout } from '@reelmill/shared/runtime/timeout.ts';
import { startTracing } from '@reelmill/shared/runtime/tracing.ts';
import { startWorker, VERSION } from './worker.ts';

const START_TIMEOUT_MS = 30_000;
/** For ending ffmpeg and removing the work folder; after that nobody waits for this process any more. */
const ORPHANED_MS = 10_000;
/** For handing a task back, on top of the time for finishing it. */
const STOP_MARGIN_MS = 10_000;

/**
 * A worker as a child process of the server: its queue is the server's, over the channel between the two, and its store
 * is the server's folder. It ends with the server, however that ends.
 */
async function main(
  { logLevel, worker: config, store: folder, tracing }: StartEmbeddedWorker,
  stopping: AbortSignal,
): Promise<void> {
  ignoreBrokenOutput();
  const logger = createLogger({ level: logLevel, name: 'worker' });
  const cleanupStack = new CleanupStack();
  const traces = await startTracing(tracing, { name: 'reelmill-worker', version: VERSION, logger });
  cleanupStack.add('traces', () => traces.stop());
  const store = await createDiskStore(folder);
  cleanupStack.add('object store', () => store.close());
  const queue = createIpcQueue({ channel: processChannel(process), logger });
  cleanupStack.add('job queue', () => queue.close());
  const worker = await startWorker({ queue, store, logger, config });
  cleanupStack.add('worker', () => worker.stop());

  const end = (): void => {
    cleanupStack.release().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ err: error }, 'worker stop failed');
        process.exit(1);
      },
    );
  };
  if (stopping.aborted) end();
  else stopping.addEventListener('abort', end, { once: true });
  // Ctrl-C reaches every process of the terminal, and service managers signal whole groups
  exitOnSignals({
    logger,
    deadlineMs: config.drainSeconds * 1000 + STOP_MARGIN_MS,
    stop: () => cleanupStack.release(),
  });
  const abandon = (): void => {
    logger.warn('server process gone, worker stops');
    setTimeout(() => process.exit(1), ORPHANED_MS);
    void worker.stop(0);
    end();
  };
  if (process.connected) process.once('disconnect', abandon);
  else abandon();
}

/** What the server says. One listener from the first moment on: a server may stop before its worker has started. */
function listen(): { start: Promise<StartEmbeddedWorker>; stopping: AbortSignal } {
  if (process.send === undefined) throw new Error('this program is started by the standalone server');
  const started = Promise.withResolvers<StartEmbeddedWorker>();
  const stopping = new AbortController();
  process.on('message', (message) => {
    if (stopEmbeddedWorkerSchema.safeParse(message).success) return stopping.abort();
    const start = startEmbeddedWorkerSchema.safeParse(message);
    if (start.success) started.resolve(start.data);
  });
  return { start: withTimeout(started.promise, START_TIMEOUT_MS, 'the start'), stopping: stopping.signal };
}

setPrivateUmask();
const { start, stopping } = listen();
await main(await start, stopping);
