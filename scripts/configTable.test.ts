import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { CONFIG_PAGE, withConfigTable } from './configTable.ts';

test('docs/configuration.md lists every variable with its default and meaning (npm run docs:config)', async () => {
  const page = await readFile(CONFIG_PAGE, 'utf8');
  assert.equal(page, withConfigTable(page));
  assert.match(page, /^\| `PORT` \| `8080` \| /m);
});

test('rejects a page without a place for the table', () => {
  assert.throws(() => withConfigTable('# Configuration\n'), /mark the place/);
});
