/**
 * Hurts a whole system while it is used, and checks that nothing came of it: `npm run chaos -- [--minutes=40] [--seed=N]
 * [--profile=distributed|standalone] [--faults=N] [--uploads-per-minute=N] [--workers=N] [--quiet-minutes=N]`.
 * Ends with 0 where nothing was violated, with 1 where something was, and with 2 where the run itself failed.
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type ChaosOptions, runChaos } from './chaos.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const RESULTS = path.join(ROOT, 'test/.results/chaos');
const FAULTS_PER_MINUTE = 25;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '40' },
    seed: { type: 'string' },
    profile: { type: 'string', default: 'distributed' },
    faults: { type: 'string' },
    'uploads-per-minute': { type: 'string', default: '25' },
    workers: { type: 'string', default: '3' },
    'quiet-minutes': { type: 'string', default: '8' },
  },
});

try {
  const options = readOptions();
  print(`seed ${options.seed}; logs, time line and the files of violations are in ${options.logFolder}`);
  const summary = await runChaos(options);
  print(JSON.stringify(summary));
  process.exitCode = summary.violations === 0 ? 0 : 1;
} catch (error) {
  print(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exitCode = 2;
}
// programs that hang must not keep it
process.exit();

function readOptions(): ChaosOptions {
  const seed = values.seed === undefined ? Math.floor(Math.random() * 1e6) : readNumber('seed', values.seed);
  const { profile } = values;
  if (profile !== 'distributed' && profile !== 'standalone') throw new Error(`no such profile: ${profile}`);
  const minutes = readNumber('minutes', values.minutes);
  const startedAt = new Date().toISOString().replace(/[:.]/g, '-');
  return {
    profile,
    seed,
    minutes,
    faults:
      values.faults === undefined
        ? Math.round(minutes * FAULTS_PER_MINUTE)
        : readNumber('faults', values.faults),
    uploadsPerMinute: readNumber('uploads-per-minute', values['uploads-per-minute']),
    workers: readNumber('workers', values.workers),
    clips: 24,
    quietMinutes: readNumber('quiet-minutes', values['quiet-minutes']),
    logFolder: path.join(RESULTS, `${profile}-${seed}-${startedAt}`),
    print,
  };
}

function readNumber(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${name} must be a positive number, not ${text}`);
  return value;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
