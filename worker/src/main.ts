import { createAmqpQueue } from '@reelmill/shared/drivers/amqpQueue.ts';
import { createMinioStore } from '@reelmill/shared/drivers/minioStore.ts';
import { ConfigError, readWorkerConfig, type WorkerConfig } from '@reelmill/shared/runtime/config.ts';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import { createPrivateFilesOnly } from '@reelmill/shared/runtime/privateFiles.ts';
import { Releasers } from '@reelmill/shared/runtime/releasers.ts';
import { exitOnSignals } from '@reelmill/shared/runtime/shutdown.ts';
import { startTracing } from '@reelmill/shared/runtime/tracing.ts';
import { writeHealth } from './healthFile.ts';
import { startWorker, VERSION } from './worker.ts';

const HEALTH_MS = 5_000;
/** For handing a task back and closing connections, on top of the time for finishing it. */
const STOP_MARGIN_MS = 20_000;

/** A worker of the distributed profile: all it knows is the broker and the store. */
async function main(config: WorkerConfig): Promise<void> {
  const logger = createLogger({ level: config.LOG_LEVEL, name: 'worker' });
  const releasers = new Releasers();
  const traces = await startTracing(config, { name: 'reelmill-worker', version: VERSION, logger });
  releasers.add('traces', () => traces.stop());
  exitOnSignals({
    logger,
    deadlineMs: config.DRAIN_SECONDS * 1000 + STOP_MARGIN_MS,
    stop: () => releasers.release(),
  });
  const store = createMinioStore({
    endpoint: required(config.S3_ENDPOINT),
    publicEndpoint: config.S3_PUBLIC_ENDPOINT ?? required(config.S3_ENDPOINT),
    accessKey: required(config.S3_ACCESS_KEY),
    secretKey: required(config.S3_SECRET_KEY),
    bucket: config.S3_BUCKET,
    region: config.S3_REGION,
  });
  releasers.add('object store', () => store.close());
  const queue = createAmqpQueue({
    url: required(config.AMQP_URL),
    taskQueue: config.TASK_QUEUE,
    role: 'worker',
    logger,
  });
  releasers.add('job queue', () => queue.close());
  const { workerId, threads, WORK_DIR: workDir, DRAIN_SECONDS: drainSeconds } = config;
  const worker = await startWorker({
    queue,
    store,
    logger,
    config: {
      workerId,
      threads,
      workDir,
      drainSeconds,
      confineMedia: config.CONFINE_MEDIA,
      verifyDecodePercent: config.VERIFY_DECODE_PERCENT,
    },
  });
  releasers.add('worker', () => worker.stop());
  const health = setInterval(async () => {
    const connected = await queue.check().then(
      () => true,
      () => false,
    );
    await writeHealth(workDir, { at: new Date(), connected, state: worker.state }).catch((error: unknown) =>
      logger.warn({ err: error }, 'the health file cannot be written'),
    );
  }, HEALTH_MS);
  releasers.add('health file', () => clearInterval(health));
}

function required(value: string | undefined): string {
  if (value === undefined) throw new ConfigError('a worker process needs REELMILL_PROFILE=distributed');
  return value;
}

createPrivateFilesOnly();
try {
  await main(readWorkerConfig(process.env));
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
