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

/** What answers or does not; the other checks are about what is found there. */
const DEPENDENCIES: ReadonlySet<string> = new Set(['database', 'store', 'queue']);
const QUERY_TIMEOUT_MS = 5_000;
/** A sum over a whole library is not made for every look at it. */
const SOURCES_MS = 60_000;

/**
 * A function that asks database, broker and store. Whatever does not answer is left out: the rest is worth knowing all
 * the more then.
 */
export function createFactsCollector(context: ServerContext): () => Promise<FarmFacts> {
  const { models } = context.database;
  const sourceBytes = remember(SOURCES_MS, () => sumSources(models));
  return () => collectFacts(context, sourceBytes);
}

async function collectFacts(context: ServerContext, sourceBytes: () => Promise<number>): Promise<FarmFacts> {
  const { checks } = await checkDependencies(context);
  const ask = <T>(dependency: string, question: () => Promise<T>): Promise<T | null> =>
    checks[dependency]?.ok
      ? withTimeout(question(), QUERY_TIMEOUT_MS, dependency).catch((error: unknown) => {
          context.logger.warn({ err: error, dependency }, 'some metrics are not known');
          return null;
        })
      : Promise.resolve(null);
  const [counts, queue, space] = await Promise.all([
    ask('database', () => countFarm(context.database.models, sourceBytes, new Date())),
    ask('queue', () => readDepth(context)),
    ask('store', () => context.store.space()),
  ]);
  const answers = Object.entries(checks).map(([name, { ok }]) => [name, ok] as const);
  return {
    up: Object.fromEntries(answers.filter(([name]) => DEPENDENCIES.has(name))),
    degraded: Object.fromEntries(
      answers.filter(([name]) => !DEPENDENCIES.has(name)).map(([name, ok]) => [name, !ok]),
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

/** By the index of statuses alone; deleted ones count until they are purged. */
async function countVideos(models: Models): Promise<FarmCounts['videos']> {
  const rows = await models.Video.findAll({
    attributes: ['status', [fn('count', col('id')), 'id']],
    group: ['status'],
  });
  return Object.fromEntries(rows.map(({ status, id }) => [status, Number(id)]));
}

/** Sources that are whole; those of deleted videos are there until they are purged. */
async function sumSources(models: Models): Promise<number> {
  const kept = { transcodeStartedAt: { [Op.not]: null }, sourceRemovedAt: null };
  const sum = await models.Video.sum('sizeBytes', { where: kept });
  // null where there is no row, text where MySQL adds up a BIGINT
  return Number(sum ?? 0);
}

/** The answer of `ask`, and the same again until it is older than `forMs`; a failed one is not remembered. */
function remember<T>(forMs: number, ask: () => Promise<T>): () => Promise<T> {
  let asked: { at: number; answer: Promise<T> } | undefined;
  return () => {
    if (asked === undefined || performance.now() - asked.at > forMs) {
      const answer = ask();
      asked = { at: performance.now(), answer };
      answer.catch(() => {
        asked = undefined;
      });
    }
    return asked.answer;
  };
}
