import path from 'node:path';
import { run } from 'node:test';
import type { TestEvent } from 'node:test/reporters';
import type { Report } from './report.ts';
import { ROOT } from './suites.ts';

const TEST_TIMEOUT_MS = 10 * 60_000;
const PROCESS_TIMEOUT_MS = 30 * 60_000;
const OUTPUT_LINES = 100;
/** Loads several files into one process. */
const UNIT_FILES = 'test/runner/unitFiles.ts';

export interface FileRun {
  report: Report;
  print: (...lines: string[]) => void;
  /** Where files run side by side, the lines of one are kept together. */
  sideBySide: boolean;
  signal: AbortSignal;
}

/** Runs the tests of one file, its path relative to the project's root. */
export async function runFile(file: string, { report, print, sideBySide, signal }: FileRun): Promise<void> {
  const begun = performance.now();
  const lines = [`\n${file}`];
  const output: string[] = [];
  const failedBefore = report.failed;
  for await (const event of runProcess(file, [], signal)) {
    lines.push(...linesOf(event, file, report));
    output.push(...outputOf(event));
    if (!sideBySide) print(...lines.splice(0));
  }
  if (report.failed > failedBefore) lines.push(...lastLines(output));
  print(...lines);
  report.addTime(file, (performance.now() - begun) / 1000);
}

/** Runs the tests of several files in one process. */
export async function runTogether(
  files: readonly string[],
  { report, print, signal }: FileRun,
): Promise<void> {
  const begun = performance.now();
  const lines = new Map(files.map((file): [string, string[]] => [file, []]));
  const others: string[] = [];
  const output: string[] = [];
  const failedBefore = report.failed;
  for await (const event of runProcess(UNIT_FILES, files, signal)) {
    const file = fileOf(event);
    (lines.get(file) ?? others).push(...linesOf(event, file, report));
    output.push(...outputOf(event));
  }
  for (const [file, own] of lines) {
    print(`\n${file}`, ...own);
    if (own.length === 0) print(report.fail(file, 'no test ran in it'));
  }
  if (report.failed > failedBefore) print('', ...others, ...lastLines(output));
  report.addTime(`${files.length} unit tests in one process`, (performance.now() - begun) / 1000);
}

/** What a process of its own reports of the tests in this file, or in those that it loads. */
async function* runProcess(
  file: string,
  argv: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<TestEvent> {
  const tooLong = new AbortController();
  const timer = setTimeout(
    () => tooLong.abort(new Error(`${file} did not end in ${PROCESS_TIMEOUT_MS} ms`)),
    PROCESS_TIMEOUT_MS,
  );
  try {
    yield* run({
      files: [path.join(ROOT, file)],
      argv,
      cwd: ROOT,
      timeout: TEST_TIMEOUT_MS,
      signal: AbortSignal.any([tooLong.signal, signal]),
    });
  } finally {
    clearTimeout(timer);
  }
}

function linesOf(event: TestEvent, file: string, report: Report): string[] {
  switch (event.type) {
    case 'test:diagnostic':
      return event.data.nesting > 0 ? [`    ${event.data.message}`] : [];
    case 'test:pass':
      return [report.pass(file, event.data) ?? []].flat();
    case 'test:fail':
      return [report.failTest(file, event.data) ?? []].flat();
    default:
      return [];
  }
}

/** Where the test is written; empty where that is not said. */
function fileOf({ data }: TestEvent): string {
  return data !== undefined && 'file' in data && data.file ? path.relative(ROOT, data.file) : '';
}

function outputOf(event: TestEvent): string[] {
  return event.type === 'test:stdout' || event.type === 'test:stderr' ? [event.data.message] : [];
}

/** What a failed file printed. */
function lastLines(output: readonly string[]): string[] {
  const text = output.join('').trimEnd();
  const lines = text === '' ? [] : text.split('\n');
  return lines.slice(-OUTPUT_LINES).map((line) => `    | ${line}`);
}
