import { col, fn, literal, Op, type Transaction } from 'sequelize';
import { z } from 'zod';
import type { ProcessingConfig } from '../context/farmContext.ts';
import type { Models } from '../db/models.ts';
import type { UserRow } from '../db/rows.ts';

/*
 * What the farm does for one user. Nothing that was uploaded is refused or lost for these limits: a video waits, without
 * an inspection, while as much of its owner is planned as may be, or was planned within a day. So a user's tasks are
 * bounded as well, however much they upload. How long a video is only its inspection tells, so those that are inspected at
 * the same time may pass a limit together.
 */

/** What a user's own limit is where none applies, whatever the configuration says. */
export const UNLIMITED = -1;
const DAY_MS = 24 * 3_600_000;
/** Every video costs a start and an end: a shorter one counts as a minute. */
const SHORTEST_SECONDS = 60;

type Own = Pick<UserRow, 'quotaRunningTasks' | 'quotaQueuedMinutes' | 'quotaDailyMinutes'>;

/** Null is no limit. */
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

/** MySQL may answer a BIGINT as text. */
export function effectiveLimit(own: number | null, byDefault: number | undefined): number | null {
  // a row that was just made has no value yet
  if ((own ?? null) === null) return byDefault ?? null;
  return Number(own) === UNLIMITED ? null : Number(own);
}

const sumSchema = z.object({ userId: z.number(), seconds: z.coerce.number() });

/** Seconds of video that are planned and not finished, of users who have any. */
export async function sumPlanned(
  models: Models,
  userIds: readonly number[],
  transaction?: Transaction,
): Promise<Map<number, number>> {
  const counted = `CASE WHEN duration_seconds > ${SHORTEST_SECONDS} THEN duration_seconds ELSE ${SHORTEST_SECONDS} END`;
  const rows = await models.Video.findAll({
    attributes: ['userId', [fn('SUM', literal(counted)), 'seconds']],
    where: { status: 'transcoding', phase: 'encoding', userId: [...userIds] },
    group: ['user_id'],
    raw: true,
    ...(transaction === undefined ? {} : { transaction }),
  });
  return sums(rows);
}

/** Seconds of video that were planned in the last 24 hours, of users who had any. */
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

/** When so many seconds of the last day have become less than the limit, which they are not now. */
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

/** Counts a video that is planned now against its owner's day, and drops what counts no more. */
export async function recordUsage(
  models: Models,
  { userId, videoId, seconds }: { userId: number; videoId: number; seconds: number },
  now: Date,
  transaction: Transaction,
): Promise<void> {
  const counted = Math.max(SHORTEST_SECONDS, seconds);
  await models.TranscodeUsage.create({ userId, videoId, seconds: counted, createdAt: now }, { transaction });
  const past = { [Op.lt]: new Date(now.getTime() - 2 * DAY_MS) };
  await models.TranscodeUsage.destroy({ where: { userId, createdAt: past }, transaction });
}

/** Counts what was planned again as longer than it was counted as; a video that turns out shorter stays counted. */
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
