import type { Command } from 'commander';
import type { AdminApi } from '../../engine/api/adminApi.ts';
import type { ApiClient } from '../../engine/api/apiClient.ts';
import { readCount, readNumber } from '../arguments.ts';
import { EXIT } from '../exitCodes.ts';
import type { Terminal } from '../terminal.ts';

/** What a command for admins works with. */
export interface AdminCommandContext {
  api: AdminApi;
  /** The calls that are not only for admins. */
  user: ApiClient;
  terminal: Terminal;
  json: boolean;
}

/** Runs a command with the saved session, and sets the exit code. */
export type RunAdminCommand = (
  json: boolean | undefined,
  work: (context: AdminCommandContext) => Promise<number>,
) => Promise<void>;

export interface Page {
  limit: number;
  offset: number;
}

/** The options of a command that lists a page. */
export function addPage(command: Command): Command {
  return command
    .option('--limit <n>', 'maximum number of rows', readCount, 20)
    .option('--offset <n>', 'number of rows to skip', readNumber, 0)
    .option('--json', 'print the response of the API');
}

/** Prints a response as JSON, or these lines. Returns the exit code. */
export function print(
  { terminal, json }: AdminCommandContext,
  response: unknown,
  lines: readonly string[],
): number {
  const text = json ? JSON.stringify(response) : lines.join('\n');
  terminal.stdout.write(`${text}\n`);
  return EXIT.ok.code;
}

/** Prints one page of a list, and how much more there is. Returns the exit code. */
export function printPage(
  context: AdminCommandContext,
  response: { total: number },
  shown: number,
  formatRows: () => string[],
): number {
  if (shown === 0) return print(context, response, ['Nothing found.']);
  const more = shown < response.total ? [`${shown} of ${response.total}; see --limit and --offset`] : [];
  return print(context, response, [...formatRows(), ...more]);
}
