import path from 'node:path';
import type { EventData } from 'node:test';
import { inspect } from 'node:util';
import { ROOT } from './suites.ts';

/** Of so many files the times are told at the end. */
const LONGEST = 15;

type Passed = EventData.TestPass;
type Failed = EventData.TestFail;

/** Counts the tests of a run and keeps the reasons of failures; answers the line that says how each test ended. */
export class Report {
  readonly #failures: { title: string; reason: string }[] = [];
  readonly #times: { what: string; seconds: number }[] = [];
  #passed = 0;
  #leftOut = 0;

  get failed(): number {
    return this.#failures.length;
  }

  get ok(): boolean {
    return this.failed === 0 && this.#passed > 0;
  }

  /** Answers null for what is not a test of its own. */
  pass(file: string, event: Passed): string | null {
    if (event.details.type === 'suite') return null;
    if (isFile(event)) return this.fail(file, 'no test ran in it');
    if (event.skip !== undefined || event.todo !== undefined) {
      this.#leftOut += 1;
      return `  - ${event.name} (left out)`;
    }
    this.#passed += 1;
    return `  ✔ ${event.name}${duration(event)}`;
  }

  /** Answers null where the failure is that of a test inside, which was reported already. */
  failTest(file: string, event: Failed): string | null {
    const error = event.details.error;
    if ('failureType' in error && error.failureType === 'subtestsFailed') return null;
    const name = isFile(event) ? 'the file as such' : event.name;
    return this.fail(`${file}: ${name}`, error.cause ?? error, `${name}${duration(event)}`);
  }

  /** A failure, of a test or outside any. */
  fail(title: string, reason: unknown, shortTitle = title): string {
    this.#failures.push({ title, reason: typeof reason === 'string' ? reason : inspect(reason) });
    return `  ✖ ${shortTitle}`;
  }

  /** How long the tests of a file took, beside others. */
  addTime(what: string, seconds: number): void {
    this.#times.push({ what, seconds });
  }

  /** The failures with their reasons, and what took longest; `N passed, N failed` is the last line. */
  summarize(): string {
    const failures = this.#failures.map(
      ({ title, reason }, index) => `\n✖ failure ${index + 1}: ${title}\n${indent(reason)}`,
    );
    const longest = this.#times
      .sort((one, other) => other.seconds - one.seconds)
      .slice(0, LONGEST)
      .map(({ what, seconds }) => `${seconds.toFixed(1).padStart(7)} s  ${what}`);
    const times = this.#times.length > LONGEST ? ['\nthe longest files', ...longest] : [];
    const leftOut = this.#leftOut > 0 ? [`\n${this.#leftOut} left out`] : [];
    return [...times, ...failures, ...leftOut, '', `${this.#passed} passed, ${this.failed} failed`].join(
      '\n',
    );
  }
}

/** The runner reports a whole file as a test where it failed as such, or where it has none. */
function isFile(event: Passed | Failed): boolean {
  return event.nesting === 0 && path.isAbsolute(event.name) && event.name.startsWith(ROOT);
}

function duration(event: Passed | Failed): string {
  const seconds = event.details.duration_ms / 1000;
  return seconds < 0.1 ? '' : ` (${seconds.toFixed(1)} s)`;
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
}
