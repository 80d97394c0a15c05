import { access } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';

/** Where the set-up and the tests keep what is built once, outside the tree. */
export const CACHE = process.env.REELMILL_CACHE || path.join(homedir(), '.cache', 'reelmill');
export const CACHE_BIN = path.join(CACHE, 'bin');

/** The path of a program that the set-up built. */
export async function findBuiltProgram(name: string): Promise<string> {
  const program = path.join(CACHE_BIN, name);
  try {
    await access(program);
  } catch (cause) {
    throw new Error(`There is no ${name} at ${program}; \`npm test\` builds it.`, { cause });
  }
  return program;
}
