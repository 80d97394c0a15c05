import type { DeadLetter, Farm } from '@reelmill/shared/contracts/admin.ts';
import { DEFAULT_RETRY, Retrier } from '../../engine/flow/retry.ts';
import { systemClock } from '../../node/clock.ts';
import { EXIT } from '../exitCodes.ts';
import type { AdminCommandContext } from './adminCommand.ts';
import { formatFarm } from './farmReport.ts';

const HOME = '\u001b[H';
const CLEAR = '\u001b[2J';
const CLEAR_TO_END_OF_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';

const never = (): AbortSignal => new AbortController().signal;

/** Prints the present state of the farm with its dead letters. Returns the exit code. */
export async function showFarm({ user: api, terminal, json }: AdminCommandContext): Promise<number> {
  const farm = await api.getFarm(never());
  const letters = (farm.queue?.dead_letters ?? 0) > 0 ? await api.listDeadLetters(never()) : [];
  terminal.stdout.write(render(farm, letters, json));
  return EXIT.ok.code;
}

/** Prints the farm regularly until the program is interrupted; retries while the server cannot be reached. */
export async function watchFarm(context: AdminCommandContext, seconds: number): Promise<number> {
  const { user: api, terminal, json } = context;
  const { stdout, stderr } = terminal;
  const redraws = !json && stdout.isTTY;
  const retrier = new Retrier(systemClock, DEFAULT_RETRY, {
    onRetry: ({ error }) => stderr.write(`${error.message}\n`),
  });
  const signal = never();
  if (redraws) stdout.write(CLEAR);
  for (;;) {
    const farm = await retrier.run('ask for the farm', signal, () => api.getFarm(signal));
    // listing dead letters takes them out of the broker, too often every few seconds: their number is enough
    const text = render(farm, null, json);
    if (redraws) stdout.write(`${HOME}${text.replaceAll('\n', `${CLEAR_TO_END_OF_LINE}\n`)}${CLEAR_BELOW}`);
    else stdout.write(json ? text : `${text}\n`);
    await systemClock.sleep(seconds * 1000, signal);
  }
}

function render(farm: Farm, letters: readonly DeadLetter[] | null, json: boolean): string {
  if (!json) return `${formatFarm(farm, letters, new Date()).join('\n')}\n`;
  return `${JSON.stringify(letters === null ? { farm } : { farm, dead_letters: letters })}\n`;
}
