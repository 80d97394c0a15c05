import assert from 'node:assert/strict';
import { glob, readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';

const ROOT = path.resolve(import.meta.dirname, '..');
/** Deliveries of webhooks and workers have states of their own. */
const OTHER_STATES = ['webhooks/deliveries.ts', 'webhooks/saveOutcome.ts', 'results/liveness.ts'];

/** What stands between the bracket that opens at `start` and the one that closes it. */
function bracketed(text: string, start: number): string {
  let depth = 0;
  for (let index = start; index < text.length; index += 1) {
    if ('([{'.includes(text[index] ?? '')) depth += 1;
    if (')]}'.includes(text[index] ?? '')) depth -= 1;
    if (depth === 0) return text.slice(start + 1, index);
  }
  throw new Error('a bracket is not closed');
}

/** The new values of every update in a source, as far as they are written there. */
function updatesIn(source: string): string[] {
  return [...source.matchAll(/\.(?:update|upsert|set)\(/g)].map(({ index, 0: call }) => {
    const values = bracketed(source, index + call.length - 1).trimStart();
    return values.startsWith('{') ? bracketed(values, 0) : '';
  });
}

test('no update changes a state or a status past the tables', async () => {
  const setting: string[] = [];
  let updates = 0;
  for await (const file of glob('**/*.ts', { cwd: ROOT })) {
    const name = file.replaceAll(path.sep, '/');
    if (name.endsWith('.test.ts') || name.startsWith('db/migrations/')) continue;
    const source = await readFile(path.join(ROOT, file), 'utf8');
    const found = updatesIn(source);
    updates += found.length;
    const isSetting = found.some((values) => /\b(state|status)\b\s*[:,}]/.test(values));
    if (isSetting || /UPDATE (tasks|videos)\b/.test(source)) setting.push(name);
  }
  assert.ok(updates > 50, `${updates} updates seen`);
  const others = setting.filter((name) => !OTHER_STATES.includes(name));
  assert.deepEqual(others, ['db/transitions.ts']);
});
