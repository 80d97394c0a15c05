import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { parseEnv, promisify } from 'node:util';
import { findSecretFaults } from '@reelmill/shared/runtime/secretStrength.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/processes.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

let folder: TemporaryFolder;
let file: string;
before(async () => {
  folder = await makeTemporaryFolder('compose-init');
});
beforeEach(() => {
  file = path.join(folder.path, `${randomUUID()}.env`);
});
after(() => folder.remove());

test('everything that the compose file cannot do without is made, strong, and for its owner only', async () => {
  await init();
  const made = parseEnv(await readFile(file, 'utf8'));
  const compose = await readFile(path.join(ROOT, 'docker-compose.yml'), 'utf8');
  const needed = new Set([...compose.matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name));
  assert.deepEqual(new Set(Object.keys(made)), needed);
  assert.deepEqual(findSecretFaults(made), []);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
});

test('what is there stays, whatever it is; a file that others could read is closed to them', async () => {
  await writeFile(file, 'PUBLIC_URL=https://example.org\nJWT_SECRET=my own\nMYSQL_PASSWORD=', {
    mode: 0o644,
  });
  await init();
  const first = await readFile(file, 'utf8');
  assert.match(first, /^PUBLIC_URL=https:\/\/example\.org\nJWT_SECRET=my own\n/);
  // compose reads the last line for a name
  assert.match(first, /^MYSQL_PASSWORD=[0-9a-f]{64}$/m);
  assert.equal((await stat(file)).mode & 0o777, 0o600);

  await init();
  assert.equal(await readFile(file, 'utf8'), first);
});

async function init(): Promise<void> {
  await promisify(execFile)(process.execPath, [path.join(ROOT, 'scripts/compose-init.mjs'), file]);
}
