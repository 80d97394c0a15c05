#!/usr/bin/env node
// Runs a script of the project on the project's own Node, after installing what is missing.
//
//   node scripts/run.mjs [--for=run|desktop|test|bench|compose] SCRIPT.ts [ARGUMENT...]
import { NODE, orExitWithMessage, runCommand, SetupError, setUp, takePurpose } from './setup.mjs';

const { purpose, rest } = takePurpose(process.argv.slice(2));
process.exitCode = await orExitWithMessage(async () => {
  if (rest.length === 0)
    throw new SetupError('usage: node scripts/run.mjs [--for=PURPOSE] SCRIPT.ts [ARGUMENT...]');
  await setUp(purpose);
  return runCommand(NODE, rest);
});
