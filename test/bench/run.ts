/**
 * Measures the project on this machine. Every ratio is of runs that took turns in one go.
 *
 *   npm run bench [-- [--runs=N] [--seconds=N] [upload] [transcode] [scaling] [playable] [dispatch] [rate] [api]
 *                     [desktop]]
 */
import { parseArgs } from 'node:util';
import { benchApi } from './api.ts';
import { benchDesktop } from './desktop.ts';
import { benchDispatch } from './dispatch.ts';
import { benchDispatchRate } from './dispatchRate.ts';
import { type BenchReport, formatReport } from './figures.ts';
import { describeLoad, describeMachine } from './machine.ts';
import type { BenchOptions } from './options.ts';
import { benchPlayable } from './playable.ts';
import { benchScaling } from './scaling.ts';
import { benchTranscode } from './transcode.ts';
import { reportUpload } from './uploadReport.ts';

const BENCHES: Record<string, (options: BenchOptions) => Promise<BenchReport>> = {
  upload: reportUpload,
  transcode: benchTranscode,
  scaling: benchScaling,
  playable: benchPlayable,
  dispatch: benchDispatch,
  rate: benchDispatchRate,
  api: benchApi,
  desktop: benchDesktop,
};
const DEFAULT_RUNS = 3;
const USAGE = `usage: npm run bench [-- [--runs=N] [--seconds=N] [${Object.keys(BENCHES).join('] [')}]]
  --runs=N     how often each side runs, in turns (${DEFAULT_RUNS})
  --seconds=N  a shorter film, or a shorter turn of the api bench, for a first look`;

class UsageError extends Error {}

try {
  await bench(readArguments());
} catch (error) {
  console.error(error instanceof UsageError ? error.message : error);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

async function bench({ names, runs, seconds }: Arguments): Promise<void> {
  for (const line of await describeMachine()) console.log(line);
  for (const name of names) {
    console.error(`\n${name} begins, ${describeLoad()}`);
    const onRun = (what: string): void => console.error(`  ${name} ${what}`);
    const report = await BENCHES[name]?.({ runs, seconds, onRun });
    if (report !== undefined) console.log(`\n${formatReport(report)}`);
  }
}

interface Arguments {
  names: string[];
  runs: number;
  seconds: number | undefined;
}

function readArguments(): Arguments {
  const { values, positionals } = parse();
  const unknown = positionals.filter((name) => !(name in BENCHES));
  if (unknown.length > 0) throw new UsageError(`There is no bench ${unknown.join(', ')}.\n${USAGE}`);
  return {
    names: positionals.length > 0 ? positionals : Object.keys(BENCHES),
    runs: positive('runs', values.runs) ?? DEFAULT_RUNS,
    seconds: positive('seconds', values.seconds),
  };
}

function parse() {
  try {
    return parseArgs({
      options: { runs: { type: 'string' }, seconds: { type: 'string' } },
      allowPositionals: true,
    });
  } catch (cause) {
    throw new UsageError(USAGE, { cause });
  }
}

function positive(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value <= 0)
    throw new UsageError(`--${name} takes a whole number.\n${USAGE}`);
  return value;
}
