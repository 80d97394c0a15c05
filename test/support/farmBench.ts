import path from 'node:path';
import type { TaskResult } from '@reelmill/shared/contracts/tasks.ts';
import { attemptTag } from '@reelmill/shared/core/objectKeys.ts';
import { createMemoryQueue, MemoryBroker } from '@reelmill/shared/drivers/memoryQueue.ts';
import { CleanupStack } from '@reelmill/shared/runtime/cleanupStack.ts';
import { createLogger, type Logger } from '@reelmill/shared/runtime/logger.ts';
import type { FarmContext } from '../../server/src/context/farmContext.ts';
import { FarmSignals } from '../../server/src/context/farmSignals.ts';
import { type DatabaseLocation, openDatabase } from '../../server/src/db/database.ts';
import type { TaskRow, UserRow, VideoRow } from '../../server/src/db/rows.ts';
import { createMetrics } from '../../server/src/telemetry/metrics.ts';
import { startTranscode } from '../../server/src/transcode/lifecycle.ts';
import { useMariaDb } from './mariadb.ts';
import { type MediaStore, startMediaStore } from './mediaStore.ts';
import { tagResult } from './taskResults.ts';

/** A real database, a real store and an in-process queue, for tests of the farm's services. */
export interface FarmBench {
  readonly context: FarmContext;
  readonly media: MediaStore;
  readonly logger: Logger;
  /** Gets every message of the queues of `context` and `connect`. */
  readonly broker: MemoryBroker;
  /** Another server on the same database and queue. */
  connect(): Promise<FarmContext>;
  /** Somebody besides the one whose videos they are without another owner. */
  addUser(limits?: Partial<UserRow>): Promise<UserRow>;
  /** A video whose upload is complete: transcoding, with its inspection waiting. */
  addVideo(file?: string, owner?: UserRow): Promise<VideoRow>;
  videoOf(id: number): Promise<VideoRow>;
  /** In the order of their work. */
  tasksOf(videoId: number): Promise<TaskRow[]>;
  close(): Promise<void>;
}

export type BenchDatabase = 'SQLite' | 'MariaDB';

export async function openFarmBench(database: BenchDatabase = 'SQLite'): Promise<FarmBench> {
  const cleanupStack = new CleanupStack();
  const logger = createLogger({ level: process.env.REELMILL_TEST_LOG ?? 'silent', name: 'test' });
  const media = await startMediaStore();
  cleanupStack.add('media store', () => media.close());
  const location = await locate(database, media, cleanupStack);
  const broker = new MemoryBroker(logger);

  const connect = async (): Promise<FarmContext> => {
    const opened = await openDatabase(location, logger);
    cleanupStack.add('database', () => opened.close());
    const queue = createMemoryQueue({ logger, broker });
    cleanupStack.add('queue', () => queue.close());
    const config = { TASK_ATTEMPTS: 3, LEASE_SECONDS: 30, CHUNK_SECONDS: 10, QUOTA_QUEUED_MINUTES: 1440 };
    return {
      config,
      logger,
      database: opened,
      store: media.store,
      queue,
      metrics: createMetrics('test'),
      signals: new FarmSignals(),
    };
  };
  const context = await connect();
  const { models } = context.database;
  let users = 0;
  const addUser = (limits: Partial<UserRow> = {}): Promise<UserRow> => {
    users += 1;
    const email = `somebody${users}@example.org`;
    const row = { nickname: 'somebody', passwordHash: 'none', role: 'creator', disabledAt: null } as const;
    return models.User.create({ ...row, email, ...limits });
  };
  const user = await addUser();

  return {
    context,
    media,
    logger,
    broker,
    connect,
    addUser,
    addVideo: async (file, owner = user) => {
      const video = await models.Video.create(newVideo(owner.id));
      const key = `raw/${video.id}/a.mp4`;
      const sizeBytes = file === undefined ? 1000 : (await media.addSource(file, key)).sizeBytes;
      await video.update({ sourceKey: key, sizeBytes });
      await context.database.transaction((transaction) =>
        startTranscode({ models, transaction, video, requestId: 'test' }),
      );
      return video;
    },
    videoOf: (id) => models.Video.findByPk(id, { rejectOnEmpty: true }),
    tasksOf: (videoId) => models.Task.findAll({ where: { videoId }, order: ['planVersion', 'position'] }),
    close: () => cleanupStack.release(),
  };
}

async function locate(
  database: BenchDatabase,
  media: MediaStore,
  cleanupStack: CleanupStack,
): Promise<DatabaseLocation> {
  if (database === 'SQLite') return { sqliteFile: path.join(media.root, 'test.db') };
  const mariadb = await useMariaDb();
  cleanupStack.add('MariaDB', () => mariadb.dispose());
  return { url: mariadb.url };
}

function newVideo(userId: number) {
  return {
    userId,
    title: 'a video',
    description: '',
    visibility: 'private',
    status: 'uploading',
    phase: null,
    progress: 0,
    playable: false,
    fileName: 'a.mp4',
    contentType: 'video/mp4',
    sizeBytes: 1000,
    sourceKey: '',
    durationSeconds: null,
    width: null,
    height: null,
    frameRate: null,
    coverKey: null,
    storyboardKey: null,
    plan: null,
    planVersion: 0,
    errorCode: null,
    errorMessage: null,
    errorDiagnostics: null,
    transcodeStartedAt: null,
    onlineAt: null,
    deletedAt: null,
    purgeAfter: null,
  } as const;
}

/** What a worker reports about a task that it was given; what it made has the tag of its lease. */
export function signEvent<E extends { type: string; result?: TaskResult }>(
  task: TaskRow,
  event: E,
  workerId = 'worker-1',
) {
  const { id: taskId, videoId, leaseToken, spec } = task;
  if (leaseToken === null) throw new Error(`task ${taskId} is not leased`);
  const tag = attemptTag({ taskId, leaseToken });
  const identity = { v: 1 as const, workerId, at: new Date().toISOString(), taskId, videoId, leaseToken };
  return {
    ...identity,
    ...event,
    ...(event.type === 'progress' ? { tag } : {}),
    ...(event.result === undefined ? {} : { result: tagResult(event.result, spec, videoId, tag) }),
  };
}
