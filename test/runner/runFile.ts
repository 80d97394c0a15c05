import path from 'node:path';
import { run } from 'node:test';
import type { Report } from './report.ts';
import { ROOT } from './suites.ts';

const TEST_TIMEOUT_MS = 10 * 60_000;
const FILE_TIMEOUT_MS = 30 * 60_000;
const OUTPUT_LINES = 100;

export interface FileRun {
  report: Report;
  print: (...lines: string[]) => void;
  /** Where files run side by side, the lines of one are kept together. */
  sideBySide: boolean;
  signal: AbortSignal;
}

/** Runs the tests of one file, its path relative to the project's root. */
export async function runFile(file: string, { report, print, sideBySide, signal }: FileRun): Promise<void> {
  const tooLong = new AbortController();
  const timer = setTimeout(
    () => tooLong.abort(new Error(`${file} did not end in ${FILE_TIMEOUT_MS} ms`)),
    FILE_TIMEOUT_MS,
  );
  const lines = [`\n${file}`];
  const output: string[] = [];
  const failedBefore = report.failed;
  const events = run({
    files: [path.join(ROOT, file)],
    cwd: ROOT,
    timeout: TEST_TIMEOUT_MS,
    signal: AbortSignal.any([tooLong.signal, signal]),
  });
  for await (const event of events) {
    if (event.type === 'test:stdout' || event.type === 'test:stderr') output.push(event.data.message);
    if (event.type === 'test:diagnostic' && event.data.nesting > 0) lines.push(`    ${event.data.message}`);
    const line =
      event.type === 'test:pass'
        ? report.pass(file, event.data)
        : event.type === 'test:fail'
          ? report.failTest(file, event.data)
          : null;
    if (line !== null) lines.push(line);
    if (!sideBySide) print(...lines.splice(0));
  }
  clearTimeout(timer);
  if (report.failed > failedBefore) lines.push(...lastLines(output));
  print(...lines);
}

/** What a failed file printed. */
function lastLines(output: readonly string[]): string[] {
  const text = output.join('').trimEnd();
  const lines = text === '' ? [] : text.split('\n');
  return lines.slice(-OUTPUT_LINES).map((line) => `    | ${line}`);
}
