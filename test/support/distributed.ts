import { randomBytes } from 'node:crypto';
import path from 'node:path';
import {
  createMinioStore,
  ensureBucket,
  type MinioStoreOptions,
} from '@reelmill/shared/drivers/minioStore.ts';
import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import { CleanupStack } from '@reelmill/shared/runtime/cleanupStack.ts';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import { type Database, openDatabase } from '../../server/src/db/database.ts';
import type { TaskRow, VideoRow } from '../../server/src/db/rows.ts';
import { useMariaDb } from './mariadb.ts';
import { type MinioAccess, signedByOwner, useMinio } from './minio.ts';
import { makeTemporaryFolder, type RunningProcess, startProcess } from './processes.ts';
import { useRabbitMq } from './rabbitmq.ts';
import { type ServerProcess, startServerProcess } from './server.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const REGION = 'us-east-1';

/** Servers to use instead of those of this run. */
export interface DistributedOptions {
  mysqlUrl?: string;
  amqpUrl?: string;
  minio?: MinioAccess;
  /** A bucket that is there already. */
  bucket?: MinioStoreOptions;
  /** Stands in front of the object store. */
  storeProxy?: (endpoint: string) => Promise<{ url: string; close(): Promise<void> }>;
  /** Added to the environment of servers and workers. */
  env?: Record<string, string>;
  /** Added to the environment of workers. */
  workerEnv?: Record<string, string>;
}

/** The distributed profile with real servers: its own database, queue and bucket, and as many processes as are started. */
export interface Distributed {
  readonly store: ObjectStore;
  readonly database: Database;
  /** What its servers are started with. */
  readonly serverEnv: Readonly<Record<string, string>>;
  startServer(): Promise<ServerProcess>;
  /** Resolves when the worker takes tasks. */
  startWorker(workerId: string, env?: Record<string, string>): Promise<RunningProcess>;
  videoOf(id: number): Promise<VideoRow>;
  /** In the order of their work. */
  tasksOf(videoId: number): Promise<TaskRow[]>;
  keysOf(prefix: string): Promise<string[]>;
  /** Where the workers keep their scratch folders. */
  readonly workDir: string;
  /** Stops every process and removes the data. */
  dispose(): Promise<void>;
}

export async function openDistributed(options: DistributedOptions = {}): Promise<Distributed> {
  const cleanupStack = new CleanupStack();
  try {
    return await open(options, cleanupStack);
  } catch (error) {
    await cleanupStack.release();
    throw error;
  }
}

async function open(options: DistributedOptions, cleanupStack: CleanupStack): Promise<Distributed> {
  const folder = await makeTemporaryFolder('distributed');
  cleanupStack.add('folder', () => folder.remove());
  const bucket = options.bucket ?? signedByOwner(await openBucket(options, cleanupStack));
  const mysqlUrl = options.mysqlUrl ?? (await useReleased(useMariaDb(), cleanupStack)).url;
  const amqpUrl = options.amqpUrl ?? (await useReleased(useRabbitMq(), cleanupStack)).url;
  const env = {
    REELMILL_PROFILE: 'distributed',
    AMQP_URL: amqpUrl,
    TASK_QUEUE: `tasks-${randomBytes(4).toString('hex')}`,
    S3_ENDPOINT: bucket.endpoint,
    S3_ACCESS_KEY: bucket.accessKey,
    S3_SECRET_KEY: bucket.secretKey,
    S3_BUCKET: bucket.bucket,
    CHUNK_SECONDS: '5',
    LEASE_SECONDS: '10',
    ...options.env,
  };
  const signers = bucket.publicSigners;
  const serverEnv = {
    DATABASE_URL: mysqlUrl,
    JWT_SECRET: randomBytes(32).toString('hex'),
    S3_UPLOAD_ACCESS_KEY: signers?.upload.accessKey ?? '',
    S3_UPLOAD_SECRET_KEY: signers?.upload.secretKey ?? '',
    S3_PLAYBACK_ACCESS_KEY: signers?.playback.accessKey ?? '',
    S3_PLAYBACK_SECRET_KEY: signers?.playback.secretKey ?? '',
    ...env,
  };
  const workDir = path.join(folder.path, 'work');
  const store = createMinioStore(bucket);
  cleanupStack.add('store', () => store.close());
  const database = await openDatabase({ url: mysqlUrl }, createLogger({ level: 'silent', name: 'test' }));
  cleanupStack.add('database', () => database.close());

  return {
    store,
    database,
    serverEnv,
    workDir,
    async startServer() {
      const server = await startServerProcess(serverEnv);
      cleanupStack.add('server', () => server.stop());
      return server;
    },
    async startWorker(workerId, more = {}) {
      const worker = startProcess(process.execPath, [path.join(ROOT, 'worker/src/main.ts')], {
        name: workerId,
        cwd: ROOT,
        env: {
          ...env,
          WORKER_ID: workerId,
          WORK_DIR: workDir,
          WORKER_THREADS: '1',
          DRAIN_SECONDS: '0',
          ...options.workerEnv,
          ...more,
        },
      });
      cleanupStack.add(workerId, () => worker.stop(30_000));
      await worker.waitForLine(/this worker takes tasks/, 60_000);
      return worker;
    },
    videoOf: (id) => database.models.Video.findByPk(id, { rejectOnEmpty: true }),
    tasksOf: (videoId) =>
      database.models.Task.findAll({ where: { videoId }, order: ['planVersion', 'position'] }),
    async keysOf(prefix) {
      const keys: string[] = [];
      for await (const { key } of store.list(prefix)) keys.push(key);
      return keys.sort();
    },
    dispose: () => cleanupStack.release(),
  };
}

async function useReleased<T extends { dispose(): Promise<void> }>(
  started: Promise<T>,
  cleanupStack: CleanupStack,
): Promise<T> {
  const server = await started;
  cleanupStack.add('server of the test', () => server.dispose());
  return server;
}

async function openBucket(options: DistributedOptions, cleanupStack: CleanupStack) {
  const minio = options.minio ?? (await useMinio());
  if (options.minio === undefined) cleanupStack.add('MinIO', () => minio.stop());
  const proxy = await options.storeProxy?.(minio.endpoint);
  if (proxy !== undefined) cleanupStack.add('store proxy', () => proxy.close());
  const endpoint = proxy?.url ?? minio.endpoint;
  const bucket = {
    endpoint,
    publicEndpoint: endpoint,
    accessKey: minio.accessKey,
    secretKey: minio.secretKey,
    region: REGION,
    bucket: `reelmill-${randomBytes(4).toString('hex')}`,
  };
  await ensureBucket(bucket);
  return bucket;
}
