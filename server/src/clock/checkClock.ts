import type { ServerContext } from '../context/serverContext.ts';
import { findClockDoubt, findOthersDoubt, type TimeEvidence } from './clockDoubt.ts';
import { findLastSeen, HEARTBEAT, readHeartbeat, recordHeartbeat } from './heartbeat.ts';
import { outageMs, recover } from './recovery.ts';

export type ClockContext = Pick<ServerContext, 'database' | 'store' | 'config' | 'logger'>;

/**
 * What removes things checks the clock first. `adjustedNow` is the time for what is kept for a number of days while
 * nobody has to act: after an outage it stands still for as long as that took.
 */
export type ClockCheck =
  | { trusted: true; now: Date; adjustedNow: Date }
  | { trusted: false; now: Date; reason: string };

/** The databases whose last check failed, so that the log has each change once. */
const doubted = new WeakSet<ClockContext['database']>();

/**
 * Compares the clock of this server with those of database and store and with what was seen before. Where servers were
 * away, open uploads have their time again when this resolves. Throws where database or store do not respond.
 */
export async function checkClock(context: ClockContext): Promise<ClockCheck> {
  const { models } = context.database;
  const row = await readHeartbeat(models);
  const evidence = await gatherEvidence(context, row);
  const { now, lastSeen } = evidence;
  const reason = findClockDoubt(evidence);
  logChange(context, reason);
  if (reason !== null) {
    if (row.clockDoubt === null) await models.Heartbeat.update({ clockDoubt: reason }, HEARTBEAT);
    return { trusted: false, now, reason };
  }
  const awayMs = lastSeen === null ? 0 : now.getTime() - lastSeen.getTime();
  const isBack = row.clockDoubt !== null || awayMs > outageMs(context.config);
  const { graceFrom, graceUntil } = isBack ? await recover(context, now) : row;
  const inGrace = graceFrom !== null && graceUntil !== null && now < graceUntil;
  return { trusted: true, now, adjustedNow: inGrace ? graceFrom : now };
}

/** Records that a server is alive, every minute. Throws where database or store do not respond: nobody can upload then. */
export async function sendHeartbeat(context: ClockContext): Promise<void> {
  const check = await checkClock(context);
  if (check.trusted) await recordHeartbeat(context.database.models, check.now);
}

/**
 * Trusts a clock that differs from what was seen before, because an administrator says that it is right. Returns null, or
 * why it cannot be: database and store have another time.
 */
export async function confirmClock(context: ClockContext): Promise<string | null> {
  const { models } = context.database;
  const evidence = await gatherEvidence(context, await readHeartbeat(models));
  const reason = findOthersDoubt(evidence);
  if (reason !== null) return reason;
  await recover(context, evidence.now, { confirmed: true });
  return null;
}

async function gatherEvidence(
  { database, store }: ClockContext,
  row: Awaited<ReturnType<typeof readHeartbeat>>,
): Promise<TimeEvidence> {
  const before = new Date();
  const [lastSeen, databaseTime, storeTime] = await Promise.all([
    findLastSeen(database.models, row),
    database.now(),
    store.now(),
  ]);
  return { before, now: new Date(), lastSeen, database: databaseTime, store: storeTime };
}

function logChange({ database, logger }: ClockContext, reason: string | null): void {
  if (reason !== null && !doubted.has(database)) {
    doubted.add(database);
    logger.error({ reason }, 'clock not trusted, nothing is removed');
  } else if (reason === null && doubted.delete(database)) {
    logger.info('clock trusted again');
  }
}
