/**
 * What can be checked in about a minute, before a commit: `npm run check`. `.ci/run` checks everything.
 *
 * Each step is a script of `package.json`; one that is not there is left out. They run side by side, and the output of a
 * step is printed where it fails.
 */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';

const STEPS = ['lint', 'typecheck', 'boundaries', 'unused', 'test:unit'];

const ROOT = path.resolve(import.meta.dirname, '..');
// package.json is the project's own
const { scripts } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};
const started = performance.now();
const results = await Promise.all(STEPS.filter((step) => step in scripts).map(runStep));
console.log(`${results.every(Boolean) ? 'all good' : 'not good'} after ${secondsSince(started)} s`);
process.exitCode = results.every(Boolean) ? 0 : 1;

/** Runs a script of package.json, prints how it went, and returns whether it succeeded. */
async function runStep(step: string): Promise<boolean> {
  const begun = performance.now();
  const child = spawn('npm', ['run', '--silent', step], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    // colours and progress are for terminals, and this is a pipe
    env: { ...process.env, FORCE_COLOR: '0' },
  });
  const closed = new Promise<boolean>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code === 0));
  });
  const [passed, output, complaints] = await Promise.all([closed, text(child.stdout), text(child.stderr)]);
  console.log(`${passed ? 'ok    ' : 'FAILED'} ${step} (${secondsSince(begun)} s)`);
  if (!passed) console.log(`${output}${complaints}`);
  return passed;
}

function secondsSince(time: number): string {
  return ((performance.now() - time) / 1000).toFixed(1);
}
