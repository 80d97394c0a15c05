import { type Command, InvalidArgumentError } from 'commander';
import type { ApiClient } from '../../engine/apiClient.ts';
import type { Terminal } from '../terminal.ts';
import { showFarm, watchFarm } from './farmCommand.ts';

export interface AdminCommandContext {
  api: ApiClient;
  terminal: Terminal;
  json: boolean;
}

/** Runs a command as whoever is logged in, and keeps its exit code. */
export type RunAdminCommand = (
  json: boolean | undefined,
  work: (context: AdminCommandContext) => Promise<number>,
) => Promise<void>;

const DEFAULT_WATCH_SECONDS = 2;

/** `reelmill admin …`: what an administrator does. */
export function addAdminCommands(program: Command, run: RunAdminCommand): void {
  const admin = program.command('admin').description('look after the farm; for administrators');
  admin
    .command('farm')
    .description('show queue, workers, throughput, and how many workers would be right')
    .option('--watch [seconds]', `go on showing it (default: every ${DEFAULT_WATCH_SECONDS}s)`, readSeconds)
    .option('--json', 'print JSON; with --watch one line each time')
    .action((options: { watch?: number | true; json?: boolean }) =>
      run(options.json, (context) => {
        if (options.watch === undefined) return showFarm(context);
        return watchFarm(context, options.watch === true ? DEFAULT_WATCH_SECONDS : options.watch);
      }),
    );
}

function readSeconds(text: string): number {
  const seconds = Number(text);
  if (!(seconds >= 0.5 && seconds <= 3600))
    throw new InvalidArgumentError('It must be between 0.5 and 3600.');
  return seconds;
}
