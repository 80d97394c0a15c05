import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printRecipe } from './recipe.ts';
import { SEEDS } from './seeds.ts';
import { runSoak } from './soak.ts';

test('random sources are published as a straight decode shows them', async () => {
  const found: string[] = [];
  const figures = await runSoak({
    seeds: SEEDS,
    lanes: 2,
    onReport({ recipe, findings }) {
      for (const { kind, what } of findings) found.push(`${kind}: ${what}\n  ${printRecipe(recipe)}`);
    },
  });
  assert.deepEqual(found, [], JSON.stringify(figures));
  assert.equal(figures.sources, SEEDS.length);
  assert.ok(figures.published >= SEEDS.length * 0.8, JSON.stringify(figures));
});
