/**
 * Runs the tests: `npm test -- [--slow] [--concurrency=N] [FILTER...]`. A filter is a part of a test file's path; `--slow`
 * runs those of `test/slow` in place of all others.
 * Unit tests run side by side; the others, which start servers and encode videos, `N` (1) at a time.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { CleanupStack } from '@reelmill/shared/runtime/cleanupStack.ts';
import { Report } from './runner/report.ts';
import { runFile } from './runner/runFile.ts';
import { startSharedServers } from './runner/sharedServers.ts';
import { findMissing, findSuites, type Need, type Suite } from './runner/suites.ts';

const { values, positionals } = parseArgs({
  options: { concurrency: { type: 'string', default: '1' }, slow: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const report = new Report();
const cleanupStack = new CleanupStack();
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => stopping.abort(new Error(`stopped by ${signal}`)));
}

try {
  await runAll(findSuites(positionals, { slow: values.slow }), Math.max(1, Number(values.concurrency) || 1));
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
  await runFiles(unit, availableParallelism());
  if (stopping.signal.aborted) return;
  Object.assign(
    process.env,
    await startSharedServers(new Set(others.flatMap(({ needs }) => needs)), cleanupStack),
  );
  await runFiles(others, concurrency);
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

async function runFiles(suites: readonly Suite[], concurrency: number): Promise<void> {
  const waiting = [...suites];
  const takeNext = async (): Promise<void> => {
    for (let suite = waiting.shift(); suite !== undefined; suite = waiting.shift()) {
      if (stopping.signal.aborted) return;
      await runFile(suite.file, { report, print, sideBySide: concurrency > 1, signal: stopping.signal });
    }
  };
  await Promise.all(Array.from({ length: concurrency }, takeNext));
}

function print(...lines: string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`);
}
