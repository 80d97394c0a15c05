import type { FarmWorker } from '@reelmill/shared/contracts/admin.ts';
import { farmStateOf } from '@reelmill/shared/core/workerHealth.ts';
import { withTimeout } from '@reelmill/shared/runtime/timeout.ts';
import { col, fn, Op } from 'sequelize';
import type { ServerContext } from '../context/serverContext.ts';
import type { Models } from '../db/models.ts';
import { readDepth } from '../farm/farm.ts';
import {
  countQuarantined,
  countTasks,
  countWaiting,
  findOldestPending,
  findWorkers,
} from '../farm/farmRepository.ts';
import { checkDependencies } from '../health/readiness.ts';
import { countNotRemoved, findStoppedJobs } from '../maintenance/stoppedJobs.ts';
import type { FarmCounts, FarmFacts } from '../telemetry/farmGauges.ts';

/** The checks of availability; the other checks are about the state of a dependency. */
const DEPENDENCIES: ReadonlySet<string> = new Set(['database', 'store', 'queue']);
const QUERY_TIMEOUT_MS = 5_000;
/** How long the sum over all sources is cached. */
const SOURCES_MS = 60_000;

/**
 * Returns a function that collects the facts from database, broker and store. Facts of a dependency that does not respond
 * are null.
 */
export function createFactsCollector(context: ServerContext): () => Promise<FarmFacts> {
  const { models } = context.database;
  const sourceBytes = cacheFor(SOURCES_MS, () => sumSources(models));
  return () => collectFacts(context, sourceBytes);
}

async function collectFacts(context: ServerContext, sourceBytes: () => Promise<number>): Promise<FarmFacts> {
  const { checks } = await checkDependencies(context);
  const readFrom = <T>(dependency: string, read: () => Promise<T>): Promise<T | null> =>
    checks[dependency]?.ok
      ? withTimeout(read(), QUERY_TIMEOUT_MS, dependency).catch((error: unknown) => {
          context.logger.warn({ err: error, dependency }, 'metrics incomplete');
          return null;
        })
      : Promise.resolve(null);
  const [counts, queue, space] = await Promise.all([
    readFrom('database', () => countFarm(context.database.models, sourceBytes, new Date())),
    readFrom('queue', () => readDepth(context)),
    readFrom('store', () => context.store.space()),
  ]);
  const results = Object.entries(checks).map(([name, { ok }]) => [name, ok] as const);
  return {
    up: Object.fromEntries(results.filter(([name]) => DEPENDENCIES.has(name))),
    degraded: Object.fromEntries(
      results.filter(([name]) => !DEPENDENCIES.has(name)).map(([name, ok]) => [name, !ok]),
    ),
    counts,
    queue,
    space,
  };
}

async function countFarm(models: Models, sourceBytes: () => Promise<number>, now: Date): Promise<FarmCounts> {
  const [tasks, quarantined, waiting, workers, videos, oldest, openUploads, bytes, stopped, notRemoved] =
    await Promise.all([
      countTasks(models),
      countQuarantined(models),
      countWaiting(models),
      findWorkers(models, now),
      countVideos(models),
      findOldestPending(models, now),
      models.Upload.count(),
      sourceBytes(),
      findStoppedJobs(models),
      countNotRemoved(models),
    ]);
  const byState = Map.groupBy(workers, (worker) => farmStateOf(worker, now));
  const counts = [...byState].map(([state, list]): [FarmWorker['state'], number] => [state, list.length]);
  return {
    tasks,
    quarantined,
    waiting,
    workers: Object.fromEntries(counts),
    videos,
    oldestWaitingSeconds: oldest && Math.max(0, (now.getTime() - oldest.getTime()) / 1000),
    openUploads,
    sourceBytes: bytes,
    stoppedJobs: stopped.map(({ job }) => job),
    notRemoved: Object.fromEntries(notRemoved),
  };
}

/** Counts videos by status, with the index only; deleted ones count until they are purged. */
async function countVideos(models: Models): Promise<FarmCounts['videos']> {
  const rows = await models.Video.findAll({
    attributes: ['status', [fn('count', col('id')), 'id']],
    group: ['status'],
  });
  return Object.fromEntries(rows.map(({ status, id }) => [status, Number(id)]));
}

/** Returns the bytes of complete sources; those of deleted videos count until they are purged. */
async function sumSources(models: Models): Promise<number> {
  const kept = { transcodeStartedAt: { [Op.not]: null }, sourceRemovedAt: null };
  const sum = await models.Video.sum('sizeBytes', { where: kept });
  // null where there is no row, text where MySQL adds up a BIGINT
  return Number(sum ?? 0);
}

/** Returns a function that caches the result of `read` for `ttlMs`; a failed result is not cached. */
function cacheFor<T>(ttlMs: number, read: () => Promise<T>): () => Promise<T> {
  let cached: { at: number; result: Promise<T> } | undefined;
  return () => {
    if (cached === undefined || performance.now() - cached.at > ttlMs) {
      const result = read();
      cached = { at: performance.now(), result };
      result.catch(() => {
        cached = undefined;
      });
    }
    return cached.result;
  };
}
