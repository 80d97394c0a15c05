import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { readServerConfig } from '@reelmill/shared/runtime/config.ts';
import { setPrivateUmask } from '@reelmill/shared/runtime/filePermissions.ts';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import { makeAdmin } from '../auth/firstAdmin.ts';
import { openDatabase } from '../db/database.ts';
import { PROFILES } from '../profiles/profiles.ts';

/* Creates an admin: createAdmin.ts --email ADDRESS, with the password on standard input. */

setPrivateUmask();
const { values } = parseArgs({ options: { email: { type: 'string' } } });
try {
  if (values.email === undefined)
    throw new Error('missing --email ADDRESS (the password is read from standard input)');
  const config = readServerConfig(process.env);
  const password = (await text(process.stdin)).replace(/\r?\n$/, '');
  const logger = createLogger({ level: 'warn', name: 'create-admin' });
  const database = await openDatabase(PROFILES[config.REELMILL_PROFILE].locateDatabase(config), logger);
  try {
    const userId = await makeAdmin(database, { email: values.email, password }, 'command');
    process.stdout.write(`${values.email} is an admin (user ${userId})\n`);
  } finally {
    await database.close();
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
