import { col, type Model, type ModelStatic, Op, type WhereOptions } from 'sequelize';
import { MAX_LIMITS } from '../auth/attemptLimits.ts';
import { KNOWN_DEVICE_MS } from '../auth/knownDevices.ts';
import { REFRESH_TOKEN_MS } from '../auth/sessions.ts';
import { type ClockContext, checkClock } from '../clock/checkClock.ts';
import { MAX_SKEW_MS } from '../clock/clockDoubt.ts';
import type { Models } from '../db/models.ts';
import { LATE_WRITES_MS } from '../transcode/cleanUp.ts';
import { MAX_LATE_PUT_MS } from '../uploads/singlePuts.ts';
import { CLAIM_MS } from '../webhooks/deliveries.ts';
import { SECRET_OVERLAP_MS } from '../webhooks/endpoints.ts';
import { JOB_LOCK_MS } from './jobLock.ts';

/** `UPLOAD_TTL_HOURS` may have been larger; a smaller one must shorten no upload that is open. */
const MIN_UPLOAD_BOUND_MS = 30 * 24 * 3_600_000;

/** A column of times, and how far ahead of the time a row may have it at most. */
interface Bound {
  /** With any attributes: they are named by `column` and `where`. */
  model: ModelStatic<Model>;
  column: string;
  maxAheadMs: number;
  where?: WhereOptions;
}

type Config = ClockContext['config'];

/**
 * Times that no right clock can have written any more: a server whose clock was ahead left them. A lease of a year holds
 * its task up for a year, and so does a limit, a pause or a count of the last day; each becomes what it would be if it
 * were written now. Times that are too early end something early; where that would remove what somebody needs,
 * `readTime` keeps them from being written.
 */
function listBounds(models: Models, config: Config, late: (maxAheadMs: number) => object): Bound[] {
  const { Task, Video, WebhookDelivery, LoginAttempt, RefreshToken, KnownDevice, WebhookEndpoint } = models;
  const uploadMs = Math.max(MIN_UPLOAD_BOUND_MS, config.UPLOAD_TTL_HOURS * 3_600_000);
  const changedLate = { updatedAt: late(0) };
  const moments = (
    model: ModelStatic<Model>,
    columns: readonly string[],
    where: WhereOptions = {},
  ): Bound[] => columns.map((column) => ({ model, column, maxAheadMs: 0, where }));
  return [
    {
      model: Task,
      column: 'leaseExpiresAt',
      maxAheadMs: config.LEASE_SECONDS * 1000,
      where: { state: 'running' },
    },
    ...moments(Task, ['waitingSince', 'updatedAt'], { state: ['pending', 'queued'] }),
    // the clean-up may look soon or after years: only the time of the change tells
    { model: Video, column: 'cleanAfter', maxAheadMs: LATE_WRITES_MS, where: changedLate },
    { model: Video, column: 'putEndsAt', maxAheadMs: MAX_LATE_PUT_MS },
    ...moments(Video, ['purgeAfter'], changedLate),
    ...moments(Video, [
      'legacyLinkSince',
      'transcodeStartedAt',
      'onlineAt',
      'deletedAt',
      'createdAt',
      'updatedAt',
    ]),
    { model: models.Upload, column: 'expiresAt', maxAheadMs: uploadMs },
    ...moments(models.TranscodeUsage, ['createdAt']),
    ...moments(models.Worker, ['lastSeenAt']),
    // an attempt that is under way may take so long
    { model: WebhookDelivery, column: 'nextAttemptAt', maxAheadMs: CLAIM_MS, where: changedLate },
    ...moments(WebhookDelivery, ['updatedAt']),
    { model: WebhookEndpoint, column: 'previousSecretEndsAt', maxAheadMs: SECRET_OVERLAP_MS },
    ...moments(WebhookEndpoint, ['failingSince']),
    { model: LoginAttempt, column: 'windowEndsAt', maxAheadMs: MAX_LIMITS.windowMs },
    { model: LoginAttempt, column: 'retryAt', maxAheadMs: MAX_LIMITS.maxDelayMs },
    { model: RefreshToken, column: 'expiresAt', maxAheadMs: REFRESH_TOKEN_MS },
    ...moments(RefreshToken, ['usedAt']),
    { model: KnownDevice, column: 'expiresAt', maxAheadMs: KNOWN_DEVICE_MS },
    ...moments(KnownDevice, ['lastUsedAt']),
    { model: models.RetentionJob, column: 'leaseExpiresAt', maxAheadMs: JOB_LOCK_MS },
  ];
}

/**
 * Bounds times that are further ahead than any right clock writes them. Changes nothing while the clock of this server is
 * not trusted: to one that is behind, all times look far ahead. Returns how many times were changed. Throws where
 * database or store do not respond.
 */
export async function boundTimes(context: ClockContext): Promise<number> {
  const { database, config, logger } = context;
  const clock = await checkClock(context);
  if (!clock.trusted) return 0;
  // servers that are trusted may differ from each other by twice of what one may differ from the database
  const now = ((await database.now()) ?? clock.now).getTime();
  const late = (maxAheadMs: number) => ({ [Op.gt]: new Date(now + maxAheadMs + MAX_SKEW_MS) });
  let total = 0;
  for (const { model, column, maxAheadMs, where } of listBounds(database.models, config, late)) {
    const wrong: WhereOptions = { [Op.and]: [where ?? {}, { [column]: late(maxAheadMs) }] };
    // an update that finds nothing would lock what it reads
    if ((await model.findOne({ attributes: [column], where: wrong })) === null) continue;
    // Sequelize leaves out an update of nothing but `updatedAt`
    const others = column === 'updatedAt' ? { createdAt: col('created_at') } : {};
    const values = { ...others, [column]: new Date(now + maxAheadMs) };
    const [count] = await database.transaction((transaction) =>
      model.update(values, { where: wrong, silent: true, transaction }),
    );
    total += count;
    logger.warn({ table: model.getTableName(), column, count }, 'times ahead of the clock bounded');
  }
  return total;
}
