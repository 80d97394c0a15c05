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
  /** Only this one. */
  job?: RetentionJobName;
  /** Really remove. */
  run?: boolean;
  /** Ask every job, also those that walk through the store. */
  dryRun?: boolean;
  /** Lets this one go on, which is stopped. */
  allow?: RetentionJobName;
}

const never = (): AbortSignal => new AbortController().signal;

/**
 * What is tidied up; with `run` or `dryRun` the jobs are run now, with `allow` a stopped one goes on. Exits 1 where something
 * could not be removed, or where a job is stopped.
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
  // what does not run by itself is only run when it is named
  const wanted = retention.jobs.filter(({ name, scheduled }) =>
    options.job === undefined ? scheduled || options.dryRun : name === options.job,
  );
  let failed = 0;
  for (const { name } of wanted) {
    try {
      const answer = await runToTheEnd(api, name, !options.run);
      terminal.stdout.write(`${json ? JSON.stringify(answer) : formatRun(answer).join('\n')}\n`);
      failed += answer.result.failed;
    } catch (error) {
      // the others go on
      if (!(error instanceof ReelmillError && error.code === 'retention_stopped')) throw error;
      terminal.stderr.write(`${name}: stopped. ${printable(error.message)}\n`);
      failed += 1;
    }
  }
  return failed > 0 ? EXIT.failure.code : EXIT.ok.code;
}

/** What is allowed is what the server says now: it refuses where that is more by then. */
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
  const answer = await context.api.allowRetention({ job, ...items }, never());
  return print(context, answer, formatAllowed(answer));
}

/** The server answers after some seconds and says where it stopped. */
async function runToTheEnd(
  api: AdminApi,
  job: RetentionJobName,
  dryRun: boolean,
): Promise<RetentionRunResponse> {
  let answer = await api.runRetention({ job, dry_run: dryRun, position: 0 }, never());
  while (answer.next_position !== null) {
    const next = await api.runRetention({ job, dry_run: dryRun, position: answer.next_position }, never());
    answer = { ...next, result: addRetentionResults(answer.result, next.result) };
  }
  return answer;
}

export const RETENTION_JOB_NAMES = retentionJobNameSchema.options;
