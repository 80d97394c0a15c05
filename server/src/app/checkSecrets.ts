import { findSecretFaults } from '@reelmill/shared/runtime/secretStrength.ts';

/** What compose runs before anything else: exits 1 and says which secrets of the environment must not be used. */
const faults = findSecretFaults(process.env);
for (const fault of faults) process.stderr.write(`${fault}\n`);
if (faults.length > 0)
  process.stderr.write('Take these lines out of .env; npm run compose:init makes strong ones.\n');
process.exitCode = faults.length === 0 ? 0 : 1;
