import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printRecipe } from '../soak/recipe.ts';
import { runSoak } from '../soak/soak.ts';

const SOURCES = 200;

test('two hundred random sources are published as a straight decode shows them', async () => {
  const found: string[] = [];
  const figures = await runSoak({
    seeds: Array.from({ length: SOURCES }, (_, index) => index + 1),
    lanes: 2,
    onReport({ recipe, findings }) {
      for (const { kind, what } of findings) found.push(`${kind}: ${what}\n  ${printRecipe(recipe)}`);
    },
  });
  assert.deepEqual(found, [], JSON.stringify(figures));
  assert.equal(figures.sources, SOURCES);
});
