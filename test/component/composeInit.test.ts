import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { lstat, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { parseEnv, promisify } from 'node:util';
import { findSecretFaults } from '@reelmill/shared/runtime/secretStrength.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/processes.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const SCRIPT = path.join(ROOT, 'scripts/compose-init.mjs');

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

test('an admin is named once, with a password that nobody sees on the screen', async () => {
  assert.match(await init(), /there is no first admin: run this with --admin/);
  const said = await init('--admin', 'ann@example.org');
  const made = parseEnv(await readFile(file, 'utf8'));
  assert.equal(made.ADMIN_EMAIL, 'ann@example.org');
  assert.match(made.ADMIN_PASSWORD ?? '', /^[0-9a-f]{24}$/);
  assert.match(said, /the first admin is ann@example\.org, with the ADMIN_PASSWORD of/);
  assert.ok(!said.includes(made.ADMIN_PASSWORD ?? ''));
  assert.match(await init('--admin', 'eve@example.org'), /the first admin is ann@example\.org/);
  assert.deepEqual(parseEnv(await readFile(file, 'utf8')), made);
  await assert.rejects(
    promisify(execFile)(process.execPath, [SCRIPT, '--admin', 'a b', `${file}.other`]),
    /e-mail/,
  );
});

test('what is reached through a link is written, and the link stays', async () => {
  const link = `${file}.link`;
  await writeFile(file, 'A=1\n', { mode: 0o644 });
  await symlink(file, link);
  await promisify(execFile)(process.execPath, [SCRIPT, link]);
  assert.ok((await lstat(link)).isSymbolicLink());
  assert.match(await readFile(file, 'utf8'), /^A=1\nMYSQL_ROOT_PASSWORD=/);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
});

async function init(...args: string[]): Promise<string> {
  return (await promisify(execFile)(process.execPath, [SCRIPT, ...args, file])).stdout;
}
