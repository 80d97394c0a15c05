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
 * What counts: every video that is not deleted, with the bytes of its source; while it is uploaded, those that were
 * announced. An upload that was given up counts nothing, nor does a source that is not kept any more. Neither do
 * renditions: how large they come out is the server's doing, and nobody could foretell it.
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

/** What each user has and may have, in the same order. */
export async function describeQuotas(
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
 * Makes sure that the user may have one video more, of so many bytes; null where nobody knows how many it will be.
 * Locks the user until the transaction ends, so that of several uploads at once each sees those before it. Throws
 * `quota_exceeded`, and `account_disabled` where that was done since the user was let in.
 */
export async function claimNewVideo(claim: QuotaClaim, sizeBytes: number | null): Promise<void> {
  const limits = await lockLimits(claim);
  if (limits.disabled) throw new ReelmillError('account_disabled', 'This account has been disabled.');
  // what is uploaded already waits instead, but nobody should send a large file for nothing
  if (limits.dailyMinutes !== null) await refuseBeyondDay(claim, limits.dailyMinutes);
  if (limits.bytes === null && limits.videos === null) return;
  const use = await useOf(claim);
  refuseBeyond({ what: 'videos', limit: limits.videos, used: use.videos, asked: 1 });
  // a file of unknown size has a byte at least
  refuseBeyond({ what: 'bytes', limit: limits.bytes, used: use.bytes, asked: sizeBytes ?? 1 });
}

/** The same for a video that counts already, whose source turned out to have so many bytes. */
export async function claimSource(
  claim: QuotaClaim,
  source: { videoId: number; sizeBytes: number },
): Promise<void> {
  const { bytes: limit } = await lockLimits(claim);
  if (limit === null) return;
  const { bytes: used } = await useOf(claim, source.videoId);
  refuseBeyond({ what: 'bytes', limit, used, asked: source.sizeBytes });
}

/** How many bytes the source of this video may have at most, as things are now; null where no quota applies. */
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

async function refuseBeyondDay({ models, transaction, userId }: QuotaClaim, limit: number): Promise<void> {
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
  throw new ReelmillError('quota_exceeded', sayQuota(details), { details });
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

const KEPT_BYTES = literal('CASE WHEN source_removed_at IS NULL THEN size_bytes ELSE 0 END');

/** Users without any video are not in the answer. */
async function measureUse(
  models: Models,
  userIds: readonly number[],
  options: { transaction?: Transaction; exceptVideoId?: number | undefined } = {},
): Promise<Map<number, Use>> {
  const { transaction, exceptVideoId } = options;
  const rows = await models.Video.findAll({
    attributes: [
      'userId',
      [fn('COALESCE', fn('SUM', KEPT_BYTES), 0), 'bytes'],
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

function refuseBeyond({
  what,
  limit,
  used,
  asked,
}: Omit<QuotaExceeded, 'limit'> & { limit: number | null }): void {
  if (limit === null || used + asked <= limit) return;
  const details: QuotaExceeded = { what, limit, used, asked };
  throw new ReelmillError('quota_exceeded', sayQuota(details), { details });
}

function sayQuota({ what, limit, used, asked, frees_at }: QuotaExceeded): string {
  if (what === 'daily_minutes') {
    const when = frees_at === undefined ? 'tomorrow' : `after ${frees_at.slice(0, 16).replace('T', ' ')} UTC`;
    return `You have converted ${used} of the ${limit} minute(s) of video that you may within 24 hours. Upload more ${when}.`;
  }
  if (what === 'videos') {
    return `You have ${used} of the ${limit} video(s) that you may have. Delete some to upload another.`;
  }
  const have = `Your videos take ${formatBytes(used)} of the ${formatBytes(limit)} that they may take`;
  const file = asked > 1 ? `, and this file has ${formatBytes(asked)}` : '';
  return `${have}${file}. Delete some to make room.`;
}
