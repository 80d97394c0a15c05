import type { QuotaExceeded } from '@reelmill/shared/contracts/errors.ts';
import type { QuotaUse } from '@reelmill/shared/contracts/users.ts';
import { formatBytes } from '@reelmill/shared/core/formatBytes.ts';
import type { ServerConfig } from '@reelmill/shared/runtime/config.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { col, fn, literal, Op, type Transaction } from 'sequelize';
import { z } from 'zod';
import type { ProcessingConfig } from '../context/farmContext.ts';
import type { ServerContext } from '../context/serverContext.ts';
import type { Models } from '../db/models.ts';
import type { UserRow } from '../db/rows.ts';
import { countInFlight } from './inFlight.ts';
import { dayFreesAt, effectiveLimit, processingLimitsOf, sumDay, sumPlanned } from './processingLimits.ts';

/*
 * The quota counts every video that is not deleted, with the bytes of its source; during the upload, with the announced
 * bytes. It does not count aborted and expired uploads, removed sources, and renditions, whose size users cannot predict.
 */

type QuotaConfig = Pick<ServerConfig, 'QUOTA_BYTES' | 'QUOTA_VIDEOS'> & ProcessingConfig;
type Quota = Pick<UserRow, 'quotaBytes' | 'quotaVideos'>;
interface Use {
  bytes: number;
  videos: number;
}

const useSchema = z.object({
  userId: z.number(),
  bytes: z.coerce.number(),
  videos: z.coerce.number(),
});

/** Returns the usage and limits of each user, in the same order. */
export async function serializeQuotas(
  { database, config }: Pick<ServerContext, 'database' | 'config'>,
  users: readonly UserRow[],
): Promise<QuotaUse[]> {
  const { models } = database;
  const ids = users.map(({ id }) => id);
  const [uses, tasks, planned, day] = await Promise.all([
    measureUse(models, ids),
    countInFlight(models),
    sumPlanned(models, ids),
    sumDay(models, ids, new Date()),
  ]);
  return users.map((user) => {
    const limits = limitsOf(user, config);
    const { runningTasks, queuedMinutes, dailyMinutes } = processingLimitsOf(user, config);
    const use = uses.get(user.id) ?? { bytes: 0, videos: 0 };
    return {
      bytes: { used: use.bytes, limit: limits.bytes },
      videos: { used: use.videos, limit: limits.videos },
      running_tasks: { used: tasks.ofUser.get(user.id) ?? 0, limit: runningTasks },
      queued_minutes: { used: minutesOf(planned.get(user.id)), limit: queuedMinutes },
      daily_minutes: { used: minutesOf(day.get(user.id)), limit: dailyMinutes },
    };
  });
}

function minutesOf(seconds = 0): number {
  return Math.round(seconds / 60);
}

export interface QuotaClaim {
  models: Models;
  config: QuotaConfig;
  transaction: Transaction;
  userId: number;
}

/**
 * Checks that the user may have one more video of this size; null: size unknown. Locks the user until the end of the
 * transaction, so that of several concurrent uploads each one counts those before it. Throws `quota_exceeded`, and
 * `account_disabled` where the user was disabled after authentication.
 */
export async function claimNewVideo(claim: QuotaClaim, sizeBytes: number | null): Promise<void> {
  const limits = await lockLimits(claim);
  if (limits.disabled) throw new ReelmillError('account_disabled', 'This account has been disabled.');
  // an uploaded video would wait for the next day, but users should not send a large file in vain
  if (limits.dailyMinutes !== null) await assertWithinDay(claim, limits.dailyMinutes);
  if (limits.bytes === null && limits.videos === null) return;
  const use = await useOf(claim);
  assertWithin({ what: 'videos', limit: limits.videos, used: use.videos, asked: 1 });
  // a file of unknown size has at least one byte
  assertWithin({ what: 'bytes', limit: limits.bytes, used: use.bytes, asked: sizeBytes ?? 1 });
}

/** Checks the quota for the known size of the source of a video that is counted already. Throws like `claimNewVideo`. */
export async function claimSource(
  claim: QuotaClaim,
  source: { videoId: number; sizeBytes: number },
): Promise<void> {
  const { bytes: limit } = await lockLimits(claim);
  if (limit === null) return;
  const { bytes: used } = await useOf(claim, source.videoId);
  assertWithin({ what: 'bytes', limit, used, asked: source.sizeBytes });
}

/** Returns the maximum bytes of the source of this video by the owner's quota; null: no quota. */
export async function remainingBytes(
  { models, config }: Pick<QuotaClaim, 'models' | 'config'>,
  video: { id: number; userId: number },
): Promise<number | null> {
  const user = await models.User.findByPk(video.userId, { rejectOnEmpty: true });
  const { bytes: limit } = limitsOf(user, config);
  if (limit === null) return null;
  const uses = await measureUse(models, [video.userId], { exceptVideoId: video.id });
  return Math.max(0, limit - (uses.get(video.userId)?.bytes ?? 0));
}

async function lockLimits({ models, config, transaction, userId }: QuotaClaim) {
  const user = await models.User.findByPk(userId, {
    rejectOnEmpty: true,
    transaction,
    lock: transaction.LOCK.UPDATE,
  });
  const { dailyMinutes } = processingLimitsOf(user, config);
  return { ...limitsOf(user, config), dailyMinutes, disabled: user.disabledAt !== null };
}

async function assertWithinDay({ models, transaction, userId }: QuotaClaim, limit: number): Promise<void> {
  const now = new Date();
  const seconds = (await sumDay(models, [userId], now, transaction)).get(userId) ?? 0;
  if (seconds < limit * 60) return;
  const freesAt = await dayFreesAt(models, userId, limit, now, transaction);
  const details: QuotaExceeded = {
    what: 'daily_minutes',
    limit,
    used: minutesOf(seconds),
    asked: 0,
    frees_at: freesAt.toISOString(),
  };
  throw new ReelmillError('quota_exceeded', formatQuotaExceeded(details), { details });
}

function limitsOf(quota: Quota, config: QuotaConfig): { bytes: number | null; videos: number | null } {
  return {
    bytes: effectiveLimit(quota.quotaBytes, config.QUOTA_BYTES),
    videos: effectiveLimit(quota.quotaVideos, config.QUOTA_VIDEOS),
  };
}

async function useOf({ models, transaction, userId }: QuotaClaim, exceptVideoId?: number): Promise<Use> {
  const uses = await measureUse(models, [userId], { transaction, exceptVideoId });
  return uses.get(userId) ?? { bytes: 0, videos: 0 };
}

const STORED_BYTES = literal('CASE WHEN source_removed_at IS NULL THEN size_bytes ELSE 0 END');

/** Returns the usage of each user; users without videos are missing. */
async function measureUse(
  models: Models,
  userIds: readonly number[],
  options: { transaction?: Transaction; exceptVideoId?: number | undefined } = {},
): Promise<Map<number, Use>> {
  const { transaction, exceptVideoId } = options;
  const rows = await models.Video.findAll({
    attributes: [
      'userId',
      [fn('COALESCE', fn('SUM', STORED_BYTES), 0), 'bytes'],
      [fn('COUNT', col('id')), 'videos'],
    ],
    where: {
      userId: [...userIds],
      deletedAt: null,
      [Op.not]: { status: 'canceled', transcodeStartedAt: null },
      ...(exceptVideoId === undefined ? {} : { id: { [Op.ne]: exceptVideoId } }),
    },
    group: ['user_id'],
    raw: true,
    ...(transaction === undefined ? {} : { transaction }),
  });
  return new Map(rows.map((row) => useSchema.parse(row)).map(({ userId, ...use }) => [userId, use]));
}

function assertWithin({
  what,
  limit,
  used,
  asked,
}: Omit<QuotaExceeded, 'limit'> & { limit: number | null }): void {
  if (limit === null || used + asked <= limit) return;
  const details: QuotaExceeded = { what, limit, used, asked };
  throw new ReelmillError('quota_exceeded', formatQuotaExceeded(details), { details });
}

function formatQuotaExceeded({ what, limit, used, asked, frees_at }: QuotaExceeded): string {
  if (what === 'daily_minutes') {
    const when = frees_at === undefined ? 'tomorrow' : `after ${frees_at.slice(0, 16).replace('T', ' ')} UTC`;
    return `You have reached your limit of video within 24 hours (${used} of ${limit} minutes). Upload more ${when}.`;
  }
  if (what === 'videos') {
    return `You have reached your video limit (${used} of ${limit}). Delete some videos before you upload another one.`;
  }
  const usage = `${formatBytes(used)} of ${formatBytes(limit)} used`;
  const file = asked > 1 ? `, this file has ${formatBytes(asked)}` : '';
  return `You have reached your storage quota (${usage}${file}). Delete videos to free space.`;
}
