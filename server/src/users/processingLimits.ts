import { col, fn, literal, Op, type Transaction } from 'sequelize';
import { z } from 'zod';
import type { ProcessingConfig } from '../context/farmContext.ts';
import type { Models } from '../db/models.ts';
import type { UserRow } from '../db/rows.ts';

/*
 * Limits of the farm's work for one user. They never reject or remove an uploaded video: it waits for its inspection while
 * the planned minutes of its owner, or those of the last 24 hours, have reached their limit. So the tasks of a user are
 * bounded, however much they upload. The length of a video is known only after its inspection, so videos that are
 * inspected at the same time can exceed a limit together.
 */

/** The value of a user's own limit that means no limit, also where the configuration has one. */
export const UNLIMITED = -1;
const DAY_MS = 24 * 3_600_000;
/** Every video costs a start and an end: a shorter one counts as a minute. */
const MIN_COUNTED_SECONDS = 60;

type Own = Pick<UserRow, 'quotaRunningTasks' | 'quotaQueuedMinutes' | 'quotaDailyMinutes'>;

/** Null: no limit. */
export interface ProcessingLimits {
  runningTasks: number | null;
  queuedMinutes: number | null;
  dailyMinutes: number | null;
}

export function processingLimitsOf(user: Own, config: ProcessingConfig): ProcessingLimits {
  return {
    runningTasks: effectiveLimit(user.quotaRunningTasks, config.QUOTA_RUNNING_TASKS),
    queuedMinutes: effectiveLimit(user.quotaQueuedMinutes, config.QUOTA_QUEUED_MINUTES),
    dailyMinutes: effectiveLimit(user.quotaDailyMinutes, config.QUOTA_DAILY_MINUTES),
  };
}

/** Returns the user's own limit or the default; null: no limit. MySQL may return a BIGINT as text. */
export function effectiveLimit(own: number | null, byDefault: number | undefined): number | null {
  // undefined in a row that was just created
  if ((own ?? null) === null) return byDefault ?? null;
  return Number(own) === UNLIMITED ? null : Number(own);
}

const sumSchema = z.object({ userId: z.number(), seconds: z.coerce.number() });

/** Returns the planned, unfinished seconds of video of each user; users without any are missing. */
export async function sumPlanned(
  models: Models,
  userIds: readonly number[],
  transaction?: Transaction,
): Promise<Map<number, number>> {
  const counted = `CASE WHEN duration_seconds > ${MIN_COUNTED_SECONDS} THEN duration_seconds ELSE ${MIN_COUNTED_SECONDS} END`;
  const rows = await models.Video.findAll({
    attributes: ['userId', [fn('SUM', literal(counted)), 'seconds']],
    where: { status: 'transcoding', phase: 'encoding', userId: [...userIds] },
    group: ['user_id'],
    raw: true,
    ...(transaction === undefined ? {} : { transaction }),
  });
  return sums(rows);
}

/** Returns the seconds of video of each user that were planned in the last 24 hours; users without any are missing. */
export async function sumDay(
  models: Models,
  userIds: readonly number[],
  now: Date,
  transaction?: Transaction,
): Promise<Map<number, number>> {
  const rows = await models.TranscodeUsage.findAll({
    attributes: ['userId', [fn('SUM', col('seconds')), 'seconds']],
    where: { userId: [...userIds], createdAt: { [Op.gt]: new Date(now.getTime() - DAY_MS) } },
    group: ['user_id'],
    raw: true,
    ...(transaction === undefined ? {} : { transaction }),
  });
  return sums(rows);
}

/** Returns when the usage of the last 24 hours falls below the limit, which it has reached now. */
export async function dayFreesAt(
  models: Models,
  userId: number,
  limitMinutes: number,
  now: Date,
  transaction?: Transaction,
): Promise<Date> {
  const rows = await models.TranscodeUsage.findAll({
    attributes: ['seconds', 'createdAt'],
    where: { userId, createdAt: { [Op.gt]: new Date(now.getTime() - DAY_MS) } },
    order: ['createdAt'],
    ...(transaction === undefined ? {} : { transaction }),
  });
  let left = rows.reduce((sum, { seconds }) => sum + seconds, 0);
  const last = rows.find(({ seconds }) => {
    left -= seconds;
    return left < limitMinutes * 60;
  });
  return new Date((last?.createdAt ?? now).getTime() + DAY_MS);
}

/** Adds a video that is planned now to the usage of its owner, and removes expired usage. */
export async function recordUsage(
  models: Models,
  { userId, videoId, seconds }: { userId: number; videoId: number; seconds: number },
  now: Date,
  transaction: Transaction,
): Promise<void> {
  const counted = Math.max(MIN_COUNTED_SECONDS, seconds);
  await models.TranscodeUsage.create({ userId, videoId, seconds: counted, createdAt: now }, { transaction });
  const past = { [Op.lt]: new Date(now.getTime() - 2 * DAY_MS) };
  await models.TranscodeUsage.destroy({ where: { userId, createdAt: past }, transaction });
}

/** Raises the usage of a video whose new plan is longer; never lowers it. */
export async function correctUsage(
  models: Models,
  { videoId, seconds }: { videoId: number; seconds: number },
  transaction: Transaction,
): Promise<void> {
  const counted = await models.TranscodeUsage.findOne({
    where: { videoId },
    order: [['id', 'DESC']],
    transaction,
  });
  if (counted !== null && counted.seconds < seconds) await counted.update({ seconds }, { transaction });
}

function sums(rows: readonly unknown[]): Map<number, number> {
  return new Map(rows.map((row) => sumSchema.parse(row)).map(({ userId, seconds }) => [userId, seconds]));
}
