import type {
  Retention,
  RetentionAllowResponse,
  RetentionExample,
  RetentionJob,
  RetentionResult,
  RetentionRunResponse,
} from '@reelmill/shared/contracts/retention.ts';
import { formatBytes } from '@reelmill/shared/core/formatBytes.ts';
import { formatSeconds, printable } from '../formats.ts';
import { alignColumns, plural } from '../table.ts';

/** Returns the cleanup jobs as lines for people. */
export function formatRetention({ jobs, clock_doubt: doubt }: Retention, now: Date): string[] {
  const rows = jobs.map((job) => [job.name, formatNow(job), formatLastRun(job, now), job.description]);
  return [
    ...alignColumns([['JOB', 'NOW', 'LAST RUN', 'WHAT IT DOES'], ...rows]),
    ...(doubt === null ? [] : ['', `Nothing is removed while the clock is in doubt: ${printable(doubt)}`]),
    ...jobs.flatMap(formatStop),
    ...jobs.flatMap((job) => (job.now === null ? [] : formatExamples(job.name, job.now))),
  ];
}

/** Returns what was allowed. */
export function formatAllowed({ job, allowance }: RetentionAllowResponse): string[] {
  if (allowance === null) return [`${job}: continues; the clock is assumed to be right`];
  return [`${job}: may remove ${plural(allowance.items, 'item')} until ${allowance.until}`];
}

function formatStop({ name, stopped, allowance }: RetentionJob): string[] {
  if (stopped === null) {
    if (allowance === null) return [];
    return ['', `${name} may remove ${plural(allowance.items, 'item')} more until ${allowance.until}`];
  }
  return [
    '',
    `${name} has been stopped since ${stopped.since}: ${printable(stopped.reason)}`,
    `  to continue: reelmill admin retention --allow ${name}`,
  ];
}

/** Returns what one run did, or would do. */
export function formatRun({ job, dry_run: dryRun, result }: RetentionRunResponse): string[] {
  const verb = dryRun ? 'would remove' : 'removed';
  const failed = result.failed > 0 ? `; ${result.failed} could not be removed for now` : '';
  return [`${job}: ${verb} ${formatAmount(result)}${failed}`, ...formatExamples(job, result)];
}

function formatNow({ now, scheduled, running, stopped }: RetentionJob): string {
  if (stopped !== null) return 'stopped';
  if (running) return 'running';
  const off = scheduled ? '' : ' (off)';
  return now === null
    ? `see --dry-run${off}`
    : `${formatAmount(now)}${now.complete ? '' : ' and more'}${off}`;
}

function formatLastRun({ last_run: run }: RetentionJob, now: Date): string {
  if (run === null) return 'never';
  const age = formatSeconds((now.getTime() - Date.parse(run.started_at)) / 1000);
  const by = run.trigger === 'admin' ? ', manual' : '';
  if (run.error !== null) return `${age} ago${by}, failed: ${printable(run.error)}`;
  return `${age} ago${by}${run.result === null ? '' : `, ${formatAmount(run.result)}`}`;
}

function formatAmount({ items, objects, bytes }: RetentionResult): string {
  if (items === 0) return 'nothing';
  return `${plural(items, 'item')} (${plural(objects, 'object')}, ${formatBytes(bytes)})`;
}

function formatExamples(job: string, { examples, items }: RetentionResult): string[] {
  if (examples.length === 0) return [];
  const more = items > examples.length ? [`  … and ${items - examples.length} more`] : [];
  return ['', `${job}:`, ...alignColumns(examples.map(formatExample)), ...more];
}

function formatExample({ video_id, key, bytes, since, reason }: RetentionExample): string[] {
  return [
    `  video ${video_id}`,
    formatBytes(bytes),
    `since ${since.slice(0, 10)}`,
    printable(reason),
    printable(key ?? ''),
  ];
}
