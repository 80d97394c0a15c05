import {
  type Retention,
  type RetentionJobName,
  type RetentionRunResponse,
  retentionJobNameSchema,
} from '@reelmill/shared/contracts/retention.ts';
import { addRetentionResults } from '@reelmill/shared/core/retentionResult.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { AdminApi } from '../../engine/api/adminApi.ts';
import { EXIT } from '../exitCodes.ts';
import { printable } from '../formats.ts';
import { type AdminCommandContext, print } from './adminCommand.ts';
import { formatAllowed, formatRetention, formatRun } from './retentionReport.ts';

export interface RetentionOptions {
  /** Only this job. */
  job?: RetentionJobName;
  /** Really remove. */
  run?: boolean;
  /** Ask every job, including those that list the store. */
  dryRun?: boolean;
  /** Lets this stopped job continue. */
  allow?: RetentionJobName;
}

const never = (): AbortSignal => new AbortController().signal;

/**
 * Prints what is cleaned up; with `run` or `dryRun` runs the jobs now, with `allow` lets a stopped one continue. Returns 1
 * where something could not be removed, or a job is stopped.
 */
export async function showRetention(
  context: AdminCommandContext,
  options: RetentionOptions,
): Promise<number> {
  const { api, terminal, json } = context;
  const retention = await api.getRetention(never());
  if (options.allow !== undefined) return allowJob(context, retention, options.allow);
  if (!options.run && !options.dryRun) {
    const text = json ? JSON.stringify(retention) : formatRetention(retention, new Date()).join('\n');
    terminal.stdout.write(`${text}\n`);
    return EXIT.ok.code;
  }
  // a job that is not scheduled only runs when it is named
  const wanted = retention.jobs.filter(({ name, scheduled }) =>
    options.job === undefined ? scheduled || options.dryRun : name === options.job,
  );
  let failed = 0;
  for (const { name } of wanted) {
    try {
      const response = await runToTheEnd(api, name, !options.run);
      terminal.stdout.write(`${json ? JSON.stringify(response) : formatRun(response).join('\n')}\n`);
      failed += response.result.failed;
    } catch (error) {
      // the other jobs still run
      if (!(error instanceof ReelmillError && error.code === 'retention_stopped')) throw error;
      terminal.stderr.write(`${name}: stopped. ${printable(error.message)}\n`);
      failed += 1;
    }
  }
  return failed > 0 ? EXIT.failure.code : EXIT.ok.code;
}

/** Allows the number that the server reports now; the server rejects it where the number has grown by then. */
async function allowJob(
  context: AdminCommandContext,
  { jobs }: Retention,
  job: RetentionJobName,
): Promise<number> {
  const { stopped = null } = jobs.find(({ name }) => name === job) ?? {};
  if (stopped === null) {
    context.terminal.stderr.write(`${job} is not stopped.\n`);
    return EXIT.failure.code;
  }
  const items = stopped.items === null ? {} : { items: stopped.items };
  const response = await context.api.allowRetention({ job, ...items }, never());
  return print(context, response, formatAllowed(response));
}

/** Runs a job until it is done: each call takes some seconds and returns where it stopped. */
async function runToTheEnd(
  api: AdminApi,
  job: RetentionJobName,
  dryRun: boolean,
): Promise<RetentionRunResponse> {
  let total = await api.runRetention({ job, dry_run: dryRun, position: 0 }, never());
  while (total.next_position !== null) {
    const next = await api.runRetention({ job, dry_run: dryRun, position: total.next_position }, never());
    total = { ...next, result: addRetentionResults(total.result, next.result) };
  }
  return total;
}

export const RETENTION_JOB_NAMES = retentionJobNameSchema.options;
