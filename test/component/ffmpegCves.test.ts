import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { z } from 'zod';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/processes.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const SCRIPT = path.join(ROOT, 'scripts/ffmpeg-cves.sh');
const run = promisify(execFile);

let folder: TemporaryFolder;
before(async () => {
  folder = await makeTemporaryFolder('cves');
});
after(() => folder?.remove());

/** A program of that name that comes first in PATH. */
async function stand(name: string, script: string): Promise<NodeJS.ProcessEnv> {
  const file = path.join(folder.path, name);
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
  return { ...process.env, PATH: `${folder.path}:${process.env.PATH}` };
}

test('the ffmpeg that is used is named with the CVEs that its package has fixed', async () => {
  const { stdout } = await run(SCRIPT);
  assert.match(stdout, /^program: \/.+\nversion: ffmpeg version \S+/);
  const isPackage = /^package: ffmpeg \d/m.test(stdout);
  // a build of one's own has no changelog, and the script says so
  assert.match(stdout, isPackage ? /^ {2}\(\S+\) CVE-\d+-\d+$/m : /^package: none known to dpkg/m);
});

test('what no package has installed is told as that', async () => {
  const env = await stand('ffmpeg', 'echo "ffmpeg version 8.1.2-own"');
  const { stdout } = await run(SCRIPT, { env });
  assert.match(stdout, /^version: ffmpeg version 8\.1\.2-own\npackage: none known to dpkg/m);
});

test('images are looked into as they are here, and never fetched for it', async () => {
  const env = await stand('docker', 'printf "%s\\n" "$@" | head -n 12');
  const compose = await run(SCRIPT, ['--compose'], { env });
  assert.match(compose.stdout, /^run\n--rm\n--pull\nnever\n.*\nreelmill\.invalid\/worker\n-c$/ms);
  assert.match((await run(SCRIPT, ['--image', 'other'], { env })).stdout, /^other\n-c$/m);
  await assert.rejects(run(SCRIPT, ['--nonsense'], { env }), { code: 2 });
});

const workflowSchema = z.object({
  permissions: z.record(z.string(), z.string()),
  jobs: z.record(
    z.string(),
    z.object({ steps: z.array(z.object({ run: z.string().optional(), uses: z.string().optional() })) }),
  ),
});

test('the hosted CI runs everything and asks for advisories, with actions that nobody can move', async () => {
  const text = await readFile(path.join(ROOT, '.github/workflows/ci.yml'), 'utf8');
  const { jobs, permissions } = workflowSchema.parse(parse(text));
  assert.deepEqual(permissions, { contents: 'read' });
  const steps = Object.values(jobs).flatMap((job) => job.steps);
  const commands = steps.map((step) => step.run ?? '').join('\n');
  assert.match(commands, /^\.ci\/run$/m);
  assert.match(commands, /^npm audit --audit-level=high/m);
  for (const { uses } of steps) if (uses !== undefined) assert.match(uses, /^actions\/[\w-]+@[0-9a-f]{40}$/);
});
