import { parseArgs } from 'node:util';
import { readServerConfig } from '@reelmill/shared/runtime/config.ts';
import { setPrivateUmask } from '@reelmill/shared/runtime/filePermissions.ts';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import { makeBackup } from './makeBackup.ts';
import { RESTORE_STEPS, type RestoreStep, restoreBackup } from './restoreBackup.ts';

/*
 * main.ts backup DIR [--dump FILE]     backs this installation up; FILE: a dump that lies in DIR already
 * main.ts restore DIR [--step STEP]    restores it; see deploy/operations.md
 */

const USAGE = `usage: backup DIR [--dump FILE]\n       restore DIR [--step ${RESTORE_STEPS.join('|')}]...`;

setPrivateUmask();
try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { dump: { type: 'string' }, step: { type: 'string', multiple: true } },
  });
  const [verb, folder, ...rest] = positionals;
  if (folder === undefined || rest.length > 0) throw new Error(USAGE);
  if (verb === 'backup') await backup(folder, values.dump);
  else if (verb === 'restore') await restore(folder, values.step);
  else throw new Error(USAGE);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function backup(folder: string, dump: string | undefined): Promise<void> {
  const config = readServerConfig(process.env);
  const { description, counts, removed } = await makeBackup(config, { folder, dump });
  print(`Backed up into ${folder}: ${description.database}, ${description.objects} objects.`);
  print(
    `${counts.copied} copied (${counts.copiedBytes} bytes), ${counts.kept} there before, ${removed} removed.`,
  );
  if (config.JWT_SECRET !== undefined) {
    print('The secrets of the environment (JWT_SECRET, passwords) are not in it: keep them as well.');
  } else print('It holds the secret of this installation: keep it where nobody else reads it.');
}

async function restore(folder: string, named: readonly string[] | undefined): Promise<void> {
  const steps = named?.map(readStep);
  const config = readServerConfig(process.env);
  const logger = createLogger({ level: 'warn', name: 'restore' });
  const { description, counts, reconciled, sameSecret } = await restoreBackup(config, {
    folder,
    steps,
    logger,
  });
  print(`Restored the backup of ${description.made_at} (version ${description.version}).`);
  if (counts !== null) print(`${counts.copied} objects put into the store, ${counts.kept} were there.`);
  if (reconciled !== null) {
    print(`${reconciled.restarted} transcodes begin anew, ${reconciled.lost} videos have lost their file.`);
  }
  if (!sameSecret) {
    print('This installation has another JWT_SECRET: links that were shared do not work any more.');
  }
}

function readStep(text: string): RestoreStep {
  const step = RESTORE_STEPS.find((one) => one === text);
  if (step === undefined) throw new Error(USAGE);
  return step;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
