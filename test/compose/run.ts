/**
 * Runs the compose file on a Docker engine of its own: `npm run test:compose -- [FILTER...]`, as root on Debian. Images
 * that it can fetch nowhere are made first (a quarter of an hour), and kept in the cache folder. A filter is a part of a
 * scenario's name.
 */
import { globSync } from 'node:fs';
import path from 'node:path';
import { CleanupStack } from '@reelmill/shared/runtime/cleanupStack.ts';
import { Report } from '../runner/report.ts';
import { runFile } from '../runner/runFile.ts';
import { ROOT } from '../runner/suites.ts';
import { prepareDocker } from './prepare.ts';

const report = new Report();
const cleanupStack = new CleanupStack();
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => stopping.abort(new Error(`stopped by ${signal}`)));
}

try {
  await runAll(findScenarios(process.argv.slice(2)));
} catch (error) {
  print(report.fail('the test run', error));
} finally {
  await cleanupStack.release().catch((error: unknown) => print(report.fail('stopping the engine', error)));
}
print(report.summarize());
process.exit(report.ok && !stopping.signal.aborted ? 0 : 1);

async function runAll(scenarios: readonly string[]): Promise<void> {
  await prepareDocker(cleanupStack, print);
  for (const scenario of scenarios) {
    if (stopping.signal.aborted) return;
    await runFile(scenario, { report, print, sideBySide: false, signal: stopping.signal });
  }
}

function findScenarios(filters: readonly string[]): string[] {
  return globSync('test/compose/*.scenario.ts', { cwd: ROOT })
    .filter((file) => filters.length === 0 || filters.some((filter) => path.basename(file).includes(filter)))
    .sort();
}

function print(...lines: string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`);
}
