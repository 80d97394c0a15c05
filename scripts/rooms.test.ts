import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import boundaries from '../.dependency-cruiser.mjs';

const ROOT = path.resolve(import.meta.dirname, '..');
const ROOM = /^server-(?!unlisted-room$)(.+)$/;

test('docs/architecture.md lists the rooms of the server in the order that the boundaries demand', () => {
  const page = readFileSync(path.join(ROOT, 'docs/architecture.md'), 'utf8');
  const [, section = ''] = page.split('## The rooms of the server');
  const documented = [...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, room]) => room);
  const demanded = boundaries.forbidden.flatMap(({ name }) => ROOM.exec(name)?.[1] ?? []);
  assert.deepEqual(documented, demanded);
  const folders = globSync('server/src/*/', { cwd: ROOT }).map((folder) => path.basename(folder));
  assert.deepEqual(folders.sort(), demanded.toSorted());
});
