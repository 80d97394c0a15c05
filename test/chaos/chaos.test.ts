import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/processes.ts';
import { runChaos } from './chaos.ts';

let folder: TemporaryFolder;
before(async () => {
  folder = await makeTemporaryFolder('chaos-test');
});
after(async () => {
  await folder.remove();
});

test('a farm under faults publishes nothing wrong and blames no good file', async () => {
  const lines: string[] = [];
  const summary = await runChaos({
    ...{ profile: 'distributed', seed: 12, minutes: 0.5, faults: 12, uploadsPerMinute: 24 },
    ...{ workers: 2, clips: 7, quietMinutes: 5 },
    logFolder: path.join(folder.path, 'logs'),
    print: (line) => lines.push(line),
  });
  assert.equal(summary.violations, 0, lines.join('\n'));
  assert.ok(summary.faults >= 4 && (summary.uploads_by_outcome.online ?? 0) >= 4, JSON.stringify(summary));
});
