import {
  type RetentionJobName,
  type RetentionRunResponse,
  retentionJobNameSchema,
} from '@reelmill/shared/contracts/retention.ts';
import { addRetentionResults } from '@reelmill/shared/core/retentionResult.ts';
import type { AdminApi } from '../../engine/adminApi.ts';
import { EXIT } from '../exitCodes.ts';
import type { AdminCommandContext } from './adminCommand.ts';
import { sayRetention, sayRun } from './retentionReport.ts';

export interface RetentionOptions {
  /** Only this one. */
  job?: RetentionJobName;
  /** Really remove. */
  run?: boolean;
  /** Ask every job, also those that walk through the store. */
  dryRun?: boolean;
}

const never = (): AbortSignal => new AbortController().signal;

/** What is tidied up; with `run` or `dryRun` the jobs are run now. Exits 1 where something could not be removed. */
export async function showRetention(
  context: AdminCommandContext,
  options: RetentionOptions,
): Promise<number> {
  const { api, terminal, json } = context;
  const retention = await api.getRetention(never());
  if (!options.run && !options.dryRun) {
    const text = json ? JSON.stringify(retention) : sayRetention(retention, new Date()).join('\n');
    terminal.stdout.write(`${text}\n`);
    return EXIT.ok.code;
  }
  // what does not run by itself is only run when it is named
  const wanted = retention.jobs.filter(({ name, scheduled }) =>
    options.job === undefined ? scheduled || options.dryRun : name === options.job,
  );
  let failed = 0;
  for (const { name } of wanted) {
    const answer = await runToTheEnd(api, name, !options.run);
    terminal.stdout.write(`${json ? JSON.stringify(answer) : sayRun(answer).join('\n')}\n`);
    failed += answer.result.failed;
  }
  return failed > 0 ? EXIT.failure.code : EXIT.ok.code;
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
