import type { RetentionJobName, RetentionStop } from '@reelmill/shared/contracts/retention.ts';
import type { ServerConfig } from '@reelmill/shared/runtime/config.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { RetentionJobRow, RetentionSettings } from '../db/rows.ts';
import type { RetentionContext, RetentionJob, Stop } from './job.ts';
import type { JobLock } from './jobLock.ts';
import { asksForMore, limitsOf, maxItems, PLAUSIBILITY } from './plausibility.ts';

/** Thrown through a run that is stopped; an administrator who asked for it gets the reason. */
export class StoppedError extends ReelmillError {
  readonly stop: Stop;

  constructor(job: RetentionJobName, stop: Stop) {
    super('retention_stopped', stop.reason, {
      details: { job, kind: stop.kind, items: stop.items, limit: stop.limit },
    });
    this.stop = stop;
  }
}

/** Whether a job waits for an administrator: until they allow it, or the settings are others. */
export function isWaiting(
  { name, stop, allowance }: Pick<RetentionJobRow, 'name' | 'stop' | 'allowance'>,
  config: ServerConfig,
  now: Date,
): boolean {
  if (stop === null || stop.kind === 'clock') return false;
  if (allowance !== null && new Date(allowance.until) > now) return false;
  return Object.entries(settingsOfStop(name, config)).every(([name, value]) => stop.settings[name] === value);
}

/** What a stop was decided by: where that is another, it is decided anew. */
function settingsOfStop(name: RetentionJobName, config: ServerConfig): RetentionSettings {
  const { RETENTION_MAX_ITEMS, RETENTION_MAX_PERCENT } = config;
  return { ...PLAUSIBILITY[name].settings(config), RETENTION_MAX_ITEMS, RETENTION_MAX_PERCENT };
}

/** Saves that a job removes nothing because of the time. Returns why. A stop that waits for somebody stays. */
export async function stopForClock(
  { database, config, logger }: RetentionContext,
  job: RetentionJob,
  { reason, now }: { reason: string; now: Date },
): Promise<Stop> {
  const { RetentionJob: Jobs } = database.models;
  const settings = settingsOfStop(job.name, config);
  const stop: Stop = { kind: 'clock', reason, since: now.toISOString(), items: null, limit: null, settings };
  await Jobs.bulkCreate([{ name: job.name, nextRunAt: now }], { ignoreDuplicates: true });
  const [changed] = await Jobs.update({ stop }, { where: { name: job.name, stop: null } });
  if (changed > 0) logger.error({ job: job.name, kind: 'clock', reason }, 'retention job stopped');
  return stop;
}

/** For a job of which nothing is due any more. */
export async function endStop(
  { database, logger }: RetentionContext,
  job: RetentionJob,
  { stop }: Pick<RetentionJobRow, 'stop'>,
): Promise<void> {
  await database.models.RetentionJob.update({ stop: null }, { where: { name: job.name } });
  logger.info({ job: job.name, kind: stop?.kind }, 'retention job resumed');
}

/**
 * Why a page is not to be removed; null where it may be. `found` is how many items the page has; what a look through the
 * store is still to find is counted by `countRest` where it comes to a stop.
 */
export async function findStop(
  context: RetentionContext,
  job: RetentionJob,
  {
    lock,
    found,
    now,
    countRest,
  }: { lock: JobLock; found: number; now: Date; countRest: () => Promise<number> },
): Promise<Stop | null> {
  const { config, database } = context;
  const rule = PLAUSIBILITY[job.name];
  if (found === 0) return null;
  const settings = rule.settings(config);
  const isStrict = asksForMore(rule, lock.row, settings);
  const limits = limitsOf(rule, config, isStrict);
  if (limits === null) return null;
  const all = await rule.countAll(database.models);
  const limit = maxItems(limits, all);
  const due = rule.countDue && (await rule.countDue(database.models, config, now));
  if ((due ?? lock.removedBefore + found) <= limit) return null;
  // what is found beside what was allowed may be as much as in any run
  const allowed = lock.allowed(now);
  if (allowed > 0 && (due ?? found) <= allowed + limit) return null;
  const items = due ?? found + (await countRest());
  const kind = isStrict ? 'setting' : 'count';
  const reason = formatReason({ items, limit, all, settings, kind });
  return { kind, reason, since: now.toISOString(), items, limit, settings: settingsOfStop(job.name, config) };
}

function formatReason({
  items,
  limit,
  all,
  settings,
  kind,
}: {
  items: number;
  limit: number;
  all: number;
  settings: RetentionSettings;
  kind: RetentionStop['kind'];
}): string {
  const names = Object.entries(settings).map(([name, value]) => `${name}=${value ?? ''}`);
  const why = kind === 'setting' ? `After a change of the settings (${names.join(', ')}) it` : 'It';
  return `${why} would remove ${items} of ${all}; without an administrator's permission at most ${limit}.`;
}
