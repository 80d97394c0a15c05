import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import boundaries from '../.dependency-cruiser.mjs';

const ROOT = path.resolve(import.meta.dirname, '..');

for (const name of ['server', 'worker']) {
  test(`docs/architecture.md lists the rooms of the ${name} in the order that the boundaries demand`, () => {
    const page = readFileSync(path.join(ROOT, 'docs/architecture.md'), 'utf8');
    const [, section = ''] = page.split(`## The rooms of the ${name}\n`);
    const [table = ''] = section.split('\n## ');
    const documented = [...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, room]) => room);
    const rule = new RegExp(`^${name}-(?!unlisted-room$)(.+)$`);
    const demanded = boundaries.forbidden.flatMap((forbidden) => rule.exec(forbidden.name)?.[1] ?? []);
    assert.deepEqual(documented, demanded);
    const folders = globSync(`${name}/src/*/`, { cwd: ROOT }).map((folder) => path.basename(folder));
    assert.deepEqual(folders.sort(), demanded.toSorted());
  });
}
