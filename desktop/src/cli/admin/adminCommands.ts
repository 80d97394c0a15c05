import { type Command, InvalidArgumentError, Option } from 'commander';
import { AdminApi } from '../../engine/api/adminApi.ts';
import type { ApiClient } from '../../engine/api/apiClient.ts';
import type { Terminal } from '../terminal.ts';
import type { RunAdminCommand } from './adminCommand.ts';
import { addAdminVideoCommands } from './adminVideoCommands.ts';
import { addAuditCommand } from './auditCommand.ts';
import { showFarm, watchFarm } from './farmCommand.ts';
import { addDeadLetterCommands, addWorkerCommands } from './farmControlCommands.ts';
import { RETENTION_JOB_NAMES, type RetentionOptions, showRetention } from './retentionCommand.ts';
import { addUserCommands } from './userCommands.ts';

type Run = (
  json: boolean | undefined,
  work: (context: { api: ApiClient; terminal: Terminal; json: boolean }) => Promise<number>,
) => Promise<void>;

const DEFAULT_WATCH_SECONDS = 2;

/** `reelmill admin …`: the commands for administrators. */
export function addAdminCommands(program: Command, runAsUser: Run): void {
  const run: RunAdminCommand = (json, work) =>
    runAsUser(json, ({ api, ...context }) => work({ ...context, user: api, api: new AdminApi(api) }));
  const admin = program.command('admin').description('manage the farm; for administrators');
  admin
    .command('farm')
    .description('show queue, workers, throughput and the suggested number of workers')
    .option('--watch [seconds]', `refresh regularly (default: every ${DEFAULT_WATCH_SECONDS}s)`, readSeconds)
    .option('--json', 'print JSON; with --watch one line per refresh')
    .action((options: { watch?: number | true; json?: boolean }) =>
      run(options.json, (context) => {
        if (options.watch === undefined) return showFarm(context);
        return watchFarm(context, options.watch === true ? DEFAULT_WATCH_SECONDS : options.watch);
      }),
    );
  addUserCommands(admin, run);
  addAdminVideoCommands(admin, run);
  addWorkerCommands(admin, run);
  addDeadLetterCommands(admin, run);
  addAuditCommand(admin, run);
  admin
    .command('retention')
    .description('show what is cleaned up: stale uploads, deleted videos, old sources, stale objects')
    .addOption(new Option('--job <name>', 'only this job').choices(RETENTION_JOB_NAMES))
    .addOption(new Option('--dry-run', 'report what each job would remove now').conflicts('run'))
    .addOption(
      new Option('--allow <name>', 'let a stopped job remove what it counted')
        .choices(RETENTION_JOB_NAMES)
        .conflicts(['run', 'dryRun', 'job']),
    )
    .option('--run', 'run the scheduled jobs now, or the named job')
    .option('--json', 'print JSON; one line for each job that runs')
    .action((options: RetentionOptions & { json?: boolean }) =>
      run(options.json, (context) => showRetention(context, options)),
    );
}

function readSeconds(text: string): number {
  const seconds = Number(text);
  if (!(seconds >= 0.5 && seconds <= 3600)) throw new InvalidArgumentError('Must be between 0.5 and 3600.');
  return seconds;
}
