import { assertBrokerAccess } from '@reelmill/shared/drivers/amqp/brokerAccess.ts';
import { createAmqpQueue } from '@reelmill/shared/drivers/amqpQueue.ts';
import { findBucket } from '@reelmill/shared/drivers/minio/storeAccess.ts';
import { createMinioStore } from '@reelmill/shared/drivers/minioStore.ts';
import { CleanupStack } from '@reelmill/shared/runtime/cleanupStack.ts';
import { ConfigError, readWorkerConfig, type WorkerConfig } from '@reelmill/shared/runtime/config.ts';
import { reasonOf, waitForDependency } from '@reelmill/shared/runtime/dependencies.ts';
import { setPrivateUmask } from '@reelmill/shared/runtime/filePermissions.ts';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import { exitOnSignals } from '@reelmill/shared/runtime/shutdown.ts';
import { ignoreBrokenOutput } from '@reelmill/shared/runtime/standardError.ts';
import { withTimeout } from '@reelmill/shared/runtime/timeout.ts';
import { startTracing } from '@reelmill/shared/runtime/tracing.ts';
import { writeHealth } from './health/healthFile.ts';
import { startWorker, VERSION } from './worker.ts';

const HEALTH_MS = 5_000;
/** For handing a task back and closing connections, on top of the time for finishing it. */
const STOP_MARGIN_MS = 20_000;
/** For closing what a worker opened that may not work. */
const RELEASE_TIMEOUT_MS = 5_000;
const REFUSED_EXIT_CODE = 2;

/** A worker of the distributed profile: all it knows is the broker and the store. */
async function main(config: WorkerConfig, cleanupStack: CleanupStack): Promise<void> {
  const logger = createLogger({ level: config.LOG_LEVEL, name: 'worker' });
  const access = accessOf(config);
  const stopping = new AbortController();
  exitOnSignals({
    logger,
    deadlineMs: config.DRAIN_SECONDS * 1000 + STOP_MARGIN_MS,
    stop: () => {
      stopping.abort();
      return cleanupStack.release();
    },
  });
  const traces = await startTracing(config, { name: 'reelmill-worker', version: VERSION, logger });
  cleanupStack.add('traces', () => traces.stop());
  const store = createMinioStore({
    ...access.store,
    publicEndpoint: access.publicEndpoint,
    bucket: access.bucket,
  });
  cleanupStack.add('object store', () => store.close());
  const queue = createAmqpQueue({
    url: access.amqpUrl,
    taskQueue: config.TASK_QUEUE,
    role: 'worker',
    logger,
  });
  cleanupStack.add('job queue', () => queue.close());
  // the worker waits for both by itself; here its credentials are checked, until both have accepted them once
  const { signal } = stopping;
  const refusal = Promise.all([
    waitForDependency('queue', () => assertBrokerAccess(access.amqpUrl), { signal }),
    waitForDependency('store', () => findBucket(access.store, access.bucket), { signal }),
  ]);
  refusal.catch((error: unknown) => {
    if (!signal.aborted) void fail(error, cleanupStack);
  });
  const { workerId, threads, WORK_DIR: workDir, DRAIN_SECONDS: drainSeconds } = config;
  const worker = await startWorker({
    queue,
    store,
    logger,
    config: {
      ...{ workerId, threads, workDir, drainSeconds },
      confineMedia: config.CONFINE_MEDIA,
      minScratchBytes: config.MIN_SCRATCH_BYTES,
      verifyDecodePercent: config.VERIFY_DECODE_PERCENT,
    },
  });
  cleanupStack.add('worker', () => worker.stop());
  let writable = true;
  const health = setInterval(async () => {
    const connected = await queue.check().then(
      () => true,
      () => false,
    );
    try {
      await writeHealth(workDir, { at: new Date(), connected, state: worker.state });
      writable = true;
    } catch (error) {
      if (writable) logger.warn({ reason: reasonOf(error) }, 'health file not written');
      writable = false;
    }
  }, HEALTH_MS);
  cleanupStack.add('health file', () => clearInterval(health));
}

function accessOf(config: WorkerConfig) {
  const endpoint = required(config.S3_ENDPOINT);
  return {
    amqpUrl: required(config.AMQP_URL),
    publicEndpoint: config.S3_PUBLIC_ENDPOINT ?? endpoint,
    bucket: config.S3_BUCKET,
    store: {
      endpoint,
      accessKey: required(config.S3_ACCESS_KEY),
      secretKey: required(config.S3_SECRET_KEY),
      region: config.S3_REGION,
      settings: { accessKey: 'S3_ACCESS_KEY', secretKey: 'S3_SECRET_KEY' },
    },
  };
}

function required(value: string | undefined): string {
  if (value === undefined) throw new ConfigError('a worker process needs REELMILL_PROFILE=distributed');
  return value;
}

/** Says why, closes what was opened and ends the process. */
async function fail(error: unknown, cleanupStack: CleanupStack): Promise<never> {
  const known = error instanceof Error && (error instanceof ConfigError || 'code' in error);
  const text = known || !(error instanceof Error) ? reasonOf(error) : (error.stack ?? error.message);
  process.stderr.write(`${text}\n`);
  await withTimeout(cleanupStack.release(), RELEASE_TIMEOUT_MS).catch(() => undefined);
  process.exit(REFUSED_EXIT_CODE);
}

setPrivateUmask();
ignoreBrokenOutput();
const cleanupStack = new CleanupStack();
try {
  await main(readWorkerConfig(process.env), cleanupStack);
} catch (error) {
  await fail(error, cleanupStack);
}
