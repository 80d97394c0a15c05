/**
 * Publishes random sources and holds each result against a straight decode: `npm run soak -- [--seed=N] [--sources=M]
 * [--minutes=K] [--lanes=L]`, or `--seeds=3,17` for single ones. Prints every finding with its seed and recipe, and
 * figures as JSON in its last line. Ends with 0 where nothing was found, with 1 where something was, and with 2 where the
 * run itself failed.
 */
import { parseArgs } from 'node:util';
import { printRecipe } from './recipe.ts';
import { runSoak } from './soak.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string' },
    sources: { type: 'string', default: '1000' },
    minutes: { type: 'string' },
    lanes: { type: 'string', default: '2' },
    verbose: { type: 'boolean', default: false },
  },
});

try {
  const first = values.seed === undefined ? Math.floor(Math.random() * 1e6) : readNumber('seed', values.seed);
  const count = readNumber('sources', values.sources);
  const seeds =
    values.seeds?.split(',').map(Number) ?? Array.from({ length: count }, (_, index) => first + index);
  print(`seeds ${seeds[0]} to ${seeds.at(-1)}`);
  const figures = await runSoak({
    seeds,
    minutes: values.minutes === undefined ? Number.POSITIVE_INFINITY : readNumber('minutes', values.minutes),
    lanes: readNumber('lanes', values.lanes),
    onReport({ recipe, outcome, notices, findings }) {
      if (findings.length > 0 || values.verbose) {
        print(`\nseed ${recipe.seed}: ${outcome} ${notices.join(' ')}\n  ${printRecipe(recipe)}`);
      }
      for (const { kind, what } of findings) print(`  FOUND ${kind}: ${what}`);
    },
  });
  print(JSON.stringify(figures));
  process.exitCode = figures.sources_with_findings === 0 ? 0 : 1;
} catch (error) {
  print(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exitCode = 2;
}

function readNumber(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${name} must be a positive number, not ${text}`);
  return value;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
