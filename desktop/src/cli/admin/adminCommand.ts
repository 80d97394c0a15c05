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

/** Runs a command as whoever is logged in, and keeps its exit code. */
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
    .option('--limit <n>', 'how many', readCount, 20)
    .option('--offset <n>', 'how many to pass over', readNumber, 0)
    .option('--json', 'print the answer of the API');
}

/** Prints an answer: as JSON, or in these lines. */
export function print(
  { terminal, json }: AdminCommandContext,
  answer: unknown,
  lines: readonly string[],
): number {
  const text = json ? JSON.stringify(answer) : lines.join('\n');
  terminal.stdout.write(`${text}\n`);
  return EXIT.ok.code;
}

/** The same for one page of a list, with how much more there is. */
export function printPage(
  context: AdminCommandContext,
  answer: { total: number },
  shown: number,
  formatRows: () => string[],
): number {
  if (shown === 0) return print(context, answer, ['There are none.']);
  const more = shown < answer.total ? [`${shown} of ${answer.total}; see --limit and --offset`] : [];
  return print(context, answer, [...formatRows(), ...more]);
}
