import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { Command } from 'commander';
import type { LetterChoice } from '../../engine/api/adminApi.ts';
import { readCount } from '../arguments.ts';
import { printable, shorten } from '../formats.ts';
import { alignColumns, formatAge, plural } from '../table.ts';
import { print, type RunAdminCommand } from './adminCommand.ts';
import { formatWorkers } from './farmReport.ts';

/** The maximum of one call. */
const ALL = 1_000;
const TEXT_CHARACTERS = 100;
const never = (): AbortSignal => new AbortController().signal;

interface Json {
  json?: boolean;
}

/** `reelmill admin workers …` */
export function addWorkerCommands(admin: Command, run: RunAdminCommand): void {
  const workers = admin.command('workers').description('manage the workers');
  workers
    .command('list')
    .description('list the workers that were seen today')
    .option('--json', 'print JSON')
    .action(({ json }: Json) =>
      run(json, async (context) => {
        const farm = await context.user.getFarm(never());
        return print(context, { workers: farm.workers }, formatWorkers(farm, new Date()));
      }),
    );
  const commands = [
    ['drain', 'let a worker finish its task and take no more', 'finishes its task and takes no more'],
    ['resume', 'let a drained worker take tasks again', 'takes tasks again'],
  ] as const;
  for (const [name, description, done] of commands) {
    workers
      .command(name)
      .description(description)
      .argument('<worker>', 'ID of the worker, as `list` shows it')
      .option('--json', 'print the response of the API')
      .action((worker: string, { json }: Json) =>
        run(json, async (context) => {
          const response = await context.api.controlWorker(worker, name, never());
          return print(context, response, [`Worker ${printable(response.worker_id)} ${done}.`]);
        }),
      );
  }
}

/** `reelmill admin dead-letters …` */
export function addDeadLetterCommands(admin: Command, run: RunAdminCommand): void {
  const letters = admin.command('dead-letters').description('manage messages that could not be handled');
  letters
    .command('list')
    .description('list dead letters, oldest first')
    .option('--limit <n>', 'maximum number, up to 100', readCount, 20)
    .option('--json', 'print JSON')
    .action(({ json, limit }: Json & { limit: number }) =>
      run(json, async (context) => {
        const found = await context.api.listDeadLetters(limit, never());
        const rows = found.map(({ id, queue, died_at: diedAt, reason, body }) => [
          printable(id),
          printable(queue),
          diedAt === null ? '-' : formatAge(diedAt, new Date()),
          printable(reason),
          shorten(printable(body), TEXT_CHARACTERS),
        ]);
        const lines = found.length === 0 ? ['Nothing found.'] : alignColumns([HEAD, ...rows]);
        return print(context, { dead_letters: found }, lines);
      }),
    );
  addChoice(letters.command('replay').description('move dead letters back to their queues')).action(
    (ids: string[], options: Json & { all?: true }) =>
      run(options.json, async (context) => {
        const replayed = await context.api.replayDeadLetters(choose(ids, options), never());
        return print(context, { replayed }, [`${plural(replayed, 'dead letter')} moved back.`]);
      }),
  );
  addChoice(letters.command('discard').description('remove dead letters permanently')).action(
    (ids: string[], options: Json & { all?: true }) =>
      run(options.json, async (context) => {
        const discarded = await context.api.discardDeadLetters(choose(ids, options), never());
        return print(context, { discarded }, [`${plural(discarded, 'dead letter')} removed.`]);
      }),
  );
}

const HEAD = ['ID', 'IN', 'WHEN', 'REASON', 'MESSAGE'];

function addChoice(command: Command): Command {
  return command
    .argument('[id...]', 'IDs, as `list` shows them')
    .option('--all', `all of them, up to ${ALL} at once`)
    .option('--json', 'print the response of the API');
}

function choose(ids: readonly string[], { all }: { all?: true }): LetterChoice {
  if (ids.length > 0 === (all === true)) {
    throw new ReelmillError('validation_failed', 'Specify the IDs of dead letters, or --all.');
  }
  return all === true ? { limit: ALL } : { ids };
}
