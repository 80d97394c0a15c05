import { Op, type Transaction } from 'sequelize';
import type { Database } from '../db/database.ts';
import type { Models } from '../db/models.ts';
import type { HeartbeatRow } from '../db/rows.ts';

const NAME = 'servers';
/** A server that is alive has recorded it long before. */
const STALE_MS = 60 * 60_000;
export const HEARTBEAT = { where: { name: NAME } } as const;

/** The one row; made where there is none yet. */
export async function readHeartbeat({ Heartbeat }: Models): Promise<HeartbeatRow> {
  const row = await Heartbeat.findByPk(NAME);
  if (row !== null) return row;
  await Heartbeat.bulkCreate([{ name: NAME }], { ignoreDuplicates: true });
  return Heartbeat.findByPk(NAME, { rejectOnEmpty: true });
}

/**
 * Whether nothing is known against a time. For requests, which cannot ask everybody: what removes things uses
 * `checkClock`.
 */
export async function seemsRight({ Heartbeat }: Models, now: Date): Promise<boolean> {
  const row = await Heartbeat.findByPk(NAME);
  if (row === null || row.beatAt === null) return true;
  const awayMs = Math.abs(now.getTime() - row.beatAt.getTime());
  return row.clockDoubt === null && awayMs < STALE_MS;
}

/**
 * The time for what is kept for a number of days from now on: that of the database, for the clock of this server may be
 * behind, and never before a server was last seen alive.
 */
export async function readTime({ models, now }: Pick<Database, 'models' | 'now'>): Promise<Date> {
  const [databaseTime, row] = await Promise.all([now(), models.Heartbeat.findByPk(NAME)]);
  const time = databaseTime ?? new Date();
  return row?.beatAt && row.beatAt > time ? row.beatAt : time;
}

/** Saves when a server was alive. */
export async function recordHeartbeat({ Heartbeat }: Models, now: Date): Promise<void> {
  const older = { [Op.or]: [{ beatAt: null }, { beatAt: { [Op.lt]: now } }] };
  await Heartbeat.update({ beatAt: now }, { where: { ...HEARTBEAT.where, ...older } });
}

/**
 * When a server was last seen; null where nothing shows it. An installation of a version without a heartbeat is known by
 * what it wrote last.
 */
export async function findLastSeen(
  models: Models,
  { beatAt }: Pick<HeartbeatRow, 'beatAt'>,
  transaction?: Transaction,
): Promise<Date | null> {
  if (beatAt !== null) return beatAt;
  const within = transaction === undefined ? {} : { transaction };
  const [job, video, user] = await Promise.all([
    models.RetentionJob.findOne({
      attributes: ['finishedAt'],
      where: { finishedAt: { [Op.not]: null } },
      order: [['finishedAt', 'DESC']],
      ...within,
    }),
    models.Video.findOne({ attributes: ['createdAt'], order: [['id', 'DESC']], ...within }),
    models.User.findOne({ attributes: ['createdAt'], order: [['id', 'DESC']], ...within }),
  ]);
  const known = [job?.finishedAt, video?.createdAt, user?.createdAt].flatMap((time) => time ?? []);
  return known.length === 0 ? null : new Date(Math.max(...known.map((time) => time.getTime())));
}
