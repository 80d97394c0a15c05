/**
 * Loads the test files that its arguments name into one process, where their tests run one after the other: most of what a
 * unit test would take alone is the start of its process.
 */
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

for (const file of process.argv.slice(2)) {
  try {
    await import(pathToFileURL(path.resolve(file)).href);
  } catch (error) {
    test(`${file} is loaded`, () => {
      throw error;
    });
  }
}
