import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { makeTemporaryFolder } from '../support/processes.ts';
import { startTestServer } from '../support/server.ts';

const run = promisify(execFile);
const PAGE = path.resolve(import.meta.dirname, '../../docs/api.md');
/** Commands, and what they print where the page shows it. */
const STEP = /```sh\n(?<commands>.*?)```\n(?:\n?```(?:json|text)\n(?<shown>.*?)\n```)?/gs;
const END_OF_STEP = '--- end of step ---\n';

test('the tour of the API prints what the page shows', async () => {
  const steps = [...(await readFile(PAGE, 'utf8')).matchAll(STEP)].map(({ groups }) => ({
    commands: groups?.commands ?? '',
    shown: groups?.shown ?? '',
  }));
  assert.ok(steps.length > 10);
  const folder = await makeTemporaryFolder('tour');
  const server = await startTestServer({ env: { EMBEDDED_WORKER: 'true' } });
  try {
    const commands = steps.map((step) => step.commands.replaceAll('http://127.0.0.1:8080', server.url));
    const script = commands.map((text) => `${text}printf '%s' '${END_OF_STEP}'\n`).join('');
    const { stdout } = await run('bash', ['-euc', script], { cwd: folder.path, timeout: 240_000 });
    const printed = stdout.split(END_OF_STEP);
    steps.forEach((step, index) => {
      assert.equal(shapeOf(printed[index] ?? ''), shapeOf(step.shown), step.commands);
    });
  } finally {
    await server.stop();
    await folder.remove();
  }
});

/** What a text has in common with another run: words and punctuation, without numbers, random values and spacing. */
function shapeOf(text: string): string {
  return (
    text
      .replace(/"\d{4}-\d\d-\d\dT[^"]*Z"/g, '"TIME"')
      .replace(/https?:\/\/[^\s"]*/g, (url) => new URL(url).pathname)
      .replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b(?:req_)?[0-9a-f]{16,}\b/g, 'ID')
      // a status, on a line of its own, counts
      .replace(/^(?!\d{3}$).*$/gm, (line) => line.replace(/\d+(?:\.\d+)?/g, '0'))
      .trim()
  );
}
