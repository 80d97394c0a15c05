/**
 * Runs the tests: `npm test -- [--unit | --slow] [--concurrency=N] [FILTER...]`. A filter is a part of a test file's path;
 * `--unit` runs unit tests alone, `--slow` those of `test/slow` in place of all others.
 * Unit tests share a process for each core. The others, which start servers and encode videos, run `N` (1) at a time, the
 * longest first; from two on, one more runs beside them that mostly waits.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { CleanupStack } from '@reelmill/shared/runtime/cleanupStack.ts';
import { Report } from './runner/report.ts';
import { runFile, runTogether } from './runner/runFile.ts';
import { startSharedServers } from './runner/sharedServers.ts';
import { findMissing, findSuites, type Need, type Suite } from './runner/suites.ts';
import { makeTemporaryFolder } from './support/processes.ts';

const { values, positionals } = parseArgs({
  options: {
    concurrency: { type: 'string', default: '1' },
    slow: { type: 'boolean', default: false },
    unit: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
const report = new Report();
const cleanupStack = new CleanupStack();
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => stopping.abort(new Error(`stopped by ${signal}`)));
}

try {
  await runAll(findSuites(positionals, values), Math.max(1, Number(values.concurrency) || 1));
} catch (error) {
  print(report.fail('the test run', error));
} finally {
  await cleanupStack.release().catch((error: unknown) => {
    print(report.fail('stopping the servers', error));
  });
}
if (stopping.signal.aborted) print(`\n${stopping.signal.reason.message}; not every test ran`);
print(report.summarize());
process.exit(report.ok && !stopping.signal.aborted ? 0 : 1);

async function runAll(found: readonly Suite[], concurrency: number): Promise<void> {
  if (found.length === 0) print(report.fail('the test run', 'no test file matches'));
  const suites = leaveOutWhatCannotRun(found);
  const unit = suites.filter((suite) => suite.unit);
  const others = suites.filter((suite) => !suite.unit);
  await shareCompiledCode();
  await runUnitTests(unit);
  if (stopping.signal.aborted) return;
  Object.assign(
    process.env,
    await startSharedServers(new Set(others.flatMap(({ needs }) => needs)), cleanupStack),
  );
  if (concurrency === 1) return runFiles([others], { sideBySide: false });
  const waiting = others.filter(({ waits }) => waits);
  const busy = others.filter(({ waits }) => !waits);
  const lanes = Array.from({ length: concurrency }, () => runFiles([busy, waiting], { sideBySide: true }));
  await Promise.all([...lanes, runFiles([waiting], { sideBySide: true })]);
}

/** Hundreds of processes load the same programs: what one has compiled serves the next. */
async function shareCompiledCode(): Promise<void> {
  const folder = await makeTemporaryFolder('compiled');
  cleanupStack.add('compiled code', () => folder.remove());
  process.env.NODE_COMPILE_CACHE = folder.path;
}

/** In CI everything must run; elsewhere the tests of a server that is not there are named and left out. */
function leaveOutWhatCannotRun(suites: readonly Suite[]): Suite[] {
  const missing = findMissing();
  const lacking = (suite: Suite): Need[] => suite.needs.filter((need) => missing.has(need));
  for (const suite of suites.filter((one) => lacking(one).length > 0)) {
    const reason = `needs ${lacking(suite).join(' and ')}; \`npm test\` says at its beginning how to get it`;
    if (process.env.CI === 'true') print(report.fail(suite.file, reason));
    else print(`left out: ${suite.file} ${reason}`);
  }
  return suites.filter((suite) => lacking(suite).length === 0);
}

/** A process for each core loads what it can; files that need a process of their own get one. */
async function runUnitTests(suites: readonly Suite[]): Promise<void> {
  const cores = availableParallelism();
  const shared = suites.filter(({ ownProcess }) => !ownProcess).map(({ file }) => file);
  const batches = Array.from({ length: cores }, (_, core) => shared.filter((_, n) => n % cores === core));
  const filled = batches.filter(({ length }) => length > 0);
  const run = { report, print, sideBySide: true, signal: stopping.signal };
  await Promise.all(filled.map((batch) => runTogether(batch, run)));
  const own = suites.filter(({ ownProcess }) => ownProcess);
  await Promise.all(Array.from({ length: cores }, () => runFiles([own], run)));
}

/** Takes one file after the other out of the first list that has any, until all are empty. */
async function runFiles(waiting: readonly Suite[][], { sideBySide }: { sideBySide: boolean }): Promise<void> {
  const next = (): Suite | undefined => waiting.find(({ length }) => length > 0)?.shift();
  for (let suite = next(); suite !== undefined; suite = next()) {
    if (stopping.signal.aborted) return;
    await runFile(suite.file, { report, print, sideBySide, signal: stopping.signal });
  }
}

function print(...lines: string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`);
}
