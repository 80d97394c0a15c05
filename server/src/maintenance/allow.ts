import type { RetentionAllowance, RetentionJobName } from '@reelmill/shared/contracts/retention.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { type Actor, recordAuditEvent } from '../audit/auditLog.ts';
import { checkClock, confirmClock } from '../clock/checkClock.ts';
import { DAY_MS, type RetentionContext, type Stop } from './job.ts';

/** A run through a large store takes its time. */
const ALLOWED_MS = 7 * DAY_MS;

/**
 * Lets a job that is stopped continue: it may remove what was counted, or the clock is right after all.
 * Returns what is allowed; null for a clock. Throws `state_conflict` where the job is not stopped, where it is more than
 * `items` by now, or where other clocks say another time.
 */
export async function allowJob(
  context: RetentionContext,
  { job, items }: { job: RetentionJobName; items?: number | undefined },
  actor: Actor,
): Promise<RetentionAllowance | null> {
  const { models } = context.database;
  const row = await models.RetentionJob.findByPk(job);
  if (!row?.stop) throw new ReelmillError('state_conflict', 'This job is not stopped.');
  const allowance = row.stop.kind === 'clock' ? null : await makeAllowance(context, row.stop, items);
  if (allowance === null) await allowClock(context);
  else {
    await models.RetentionJob.update(
      { stop: null, allowance, nextRunAt: new Date() },
      { where: { name: job } },
    );
  }
  const { kind, reason } = row.stop;
  await recordAuditEvent(models, actor, {
    action: 'retention.allow',
    target: { kind: 'retention', id: job },
    details: { kind, reason, items: allowance?.items ?? null },
  });
  return allowance;
}

async function makeAllowance(
  context: RetentionContext,
  stop: Stop,
  items: number | undefined,
): Promise<RetentionAllowance> {
  const counted = stop.items ?? 0;
  if (items !== undefined && items < counted) {
    throw new ReelmillError('state_conflict', `It would remove ${counted} by now, not ${items}.`);
  }
  const clock = await checkClock(context);
  if (!clock.trusted) throw new ReelmillError('state_conflict', clock.reason);
  return { items: counted, until: new Date(clock.now.getTime() + ALLOWED_MS).toISOString() };
}

/** The clock is that of every job. */
async function allowClock(context: RetentionContext): Promise<void> {
  const reason = await confirmClock(context);
  if (reason !== null) throw new ReelmillError('state_conflict', reason);
  const { RetentionJob } = context.database.models;
  for (const { name, stop } of await RetentionJob.findAll()) {
    if (stop?.kind === 'clock') await RetentionJob.update({ stop: null }, { where: { name } });
  }
}
