import { findSecretFaults } from '@reelmill/shared/runtime/secretStrength.ts';

/** Compose runs this first: exits with 1 and lists the secrets of the environment that must not be used. */
const faults = findSecretFaults(process.env);
for (const fault of faults) process.stderr.write(`${fault}\n`);
if (faults.length > 0)
  process.stderr.write('Remove these lines from .env; npm run compose:init creates strong secrets.\n');
process.exitCode = faults.length === 0 ? 0 : 1;
