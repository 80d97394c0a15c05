import type { ServerConfig } from '@reelmill/shared/runtime/config.ts';
import { Op, type Transaction } from 'sequelize';
import type { ServerContext } from '../context/serverContext.ts';
import type { Models } from '../db/models.ts';
import type { HeartbeatRow } from '../db/rows.ts';
import { MAX_AWAY_MS } from './clockDoubt.ts';
import { findLastSeen, HEARTBEAT } from './heartbeat.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const MAX_OUTAGE_MS = 12 * HOUR_MS;
const MIN_OUTAGE_MS = 5 * MINUTE_MS;
const BATCH = 500;

type UploadTime = Pick<ServerConfig, 'UPLOAD_TTL_HOURS'>;

/**
 * How long all servers may be away without anything following from it: a tenth of the time that an upload has, and at
 * most half a day, so that on a laptop which sleeps at night unfinished uploads still expire.
 */
export function outageMs({ UPLOAD_TTL_HOURS }: UploadTime): number {
  return Math.min(MAX_OUTAGE_MS, Math.max(MIN_OUTAGE_MS, (UPLOAD_TTL_HOURS * HOUR_MS) / 10));
}

/**
 * After servers were away, or a clock was wrong: open uploads have their whole time again from now on, and other
 * deadlines of days stand still for as long as that took. Of several servers that come back together one does so.
 * Returns the row as it is then. `confirmed`: whatever was seen before.
 */
export async function recover(
  { database, config, logger }: Pick<ServerContext, 'database' | 'logger'> & { config: UploadTime },
  now: Date,
  { confirmed = false } = {},
): Promise<Pick<HeartbeatRow, 'graceFrom' | 'graceUntil'>> {
  const { models } = database;
  return database.transaction(async (transaction) => {
    const lock = transaction.LOCK.UPDATE;
    const row = await models.Heartbeat.findOne({ ...HEARTBEAT, transaction, lock, rejectOnEmpty: true });
    const lastSeen = (await findLastSeen(models, row, transaction)) ?? now;
    const awayMs = Math.max(0, now.getTime() - lastSeen.getTime());
    // another server was first
    if (!confirmed && row.clockDoubt === null && awayMs <= outageMs(config)) return row;
    const grace = extendGrace(row, { lastSeen, now, awayMs });
    await models.Heartbeat.update({ beatAt: now, clockDoubt: null, ...grace }, { ...HEARTBEAT, transaction });
    const expiresAt = new Date(now.getTime() + config.UPLOAD_TTL_HOURS * HOUR_MS);
    const uploads = await renewOpenUploads(models, expiresAt, transaction);
    logger.warn(
      { last_seen: lastSeen, away_seconds: Math.round(awayMs / 1000), uploads },
      'deadlines counted from the recovery',
    );
    return grace;
  });
}

/** A grace that is under way is not cut short by the next outage. */
function extendGrace(
  row: HeartbeatRow,
  { lastSeen, now, awayMs }: { lastSeen: Date; now: Date; awayMs: number },
): { graceFrom: Date; graceUntil: Date } {
  const until = now.getTime() + Math.min(awayMs, MAX_AWAY_MS);
  const { graceFrom, graceUntil } = row;
  if (
    graceFrom === null ||
    graceUntil === null ||
    graceUntil <= lastSeen ||
    graceUntil.getTime() > until + MAX_AWAY_MS
  ) {
    return { graceFrom: lastSeen < now ? lastSeen : now, graceUntil: new Date(until) };
  }
  return { graceFrom, graceUntil: new Date(Math.max(graceUntil.getTime(), until)) };
}

/** Those that wait for their creators; never to an earlier time. Returns how many. */
async function renewOpenUploads(models: Models, expiresAt: Date, transaction: Transaction): Promise<number> {
  const open = await models.Video.findAll({
    attributes: ['id'],
    where: { status: 'uploading', deletedAt: null },
    transaction,
  });
  let renewed = 0;
  for (let start = 0; start < open.length; start += BATCH) {
    const videoId = open.slice(start, start + BATCH).map(({ id }) => id);
    const where = { videoId, expiresAt: { [Op.lt]: expiresAt } };
    const [count] = await models.Upload.update({ expiresAt }, { where, transaction });
    renewed += count;
  }
  return renewed;
}
