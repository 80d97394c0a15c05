import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { configTable } from '../../scripts/configTable.ts';

test("the README's configuration table is the configuration", async () => {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
  const table = /<!-- configuration -->\n(.*)\n<!-- \/configuration -->/s.exec(readme)?.[1]?.trim();
  assert.equal(table, configTable());
});
