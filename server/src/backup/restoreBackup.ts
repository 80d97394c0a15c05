import type { ServerConfig } from '@reelmill/shared/runtime/config.ts';
import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import { openDatabase } from '../db/database.ts';
import { PROFILES } from '../profiles/profiles.ts';
import { type BackupDescription, BackupFolder } from './backupFolder.ts';
import { type CopyCounts, copyIn } from './copyObjects.ts';
import { assertNoDatabase, loadDatabase } from './databaseDump.ts';
import { openStore, restoreSecrets } from './installation.ts';
import { ObjectIndex } from './objectIndex.ts';
import { type Reconciled, reconcileRestored } from './reconcileRestored.ts';

/** `objects` into the store, then the `database`, then both brought into step. */
export const RESTORE_STEPS = ['objects', 'database', 'settle'] as const;
export type RestoreStep = (typeof RESTORE_STEPS)[number];

export interface RestoreOptions {
  folder: string;
  /** All of them by default. Somebody else may load the database: then `objects`, and after that `settle`. */
  steps?: readonly RestoreStep[] | undefined;
  logger: Logger;
}

export interface Restored {
  description: BackupDescription;
  counts: CopyCounts | null;
  reconciled: Reconciled | null;
  /** False where this installation has another secret than the one that was backed up. */
  sameSecret: boolean;
}

/**
 * Restores a backup into an empty installation whose server does not run. The objects first: as long as there is no
 * database it may be repeated, and what is in the store already is not sent again.
 */
export async function restoreBackup(config: ServerConfig, options: RestoreOptions): Promise<Restored> {
  const { steps = RESTORE_STEPS } = options;
  const folder = new BackupFolder(options.folder);
  const description = await folder.read();
  if (description === null) throw new Error(`There is no finished backup in ${folder.path}.`);
  if (description.profile !== config.REELMILL_PROFILE) {
    throw new Error(`This backup is of the ${description.profile} profile: set REELMILL_PROFILE to it.`);
  }
  const profile = PROFILES[config.REELMILL_PROFILE];
  const location = profile.locateDatabase(config);
  if (steps.includes('database')) await assertNoDatabase(location);
  await restoreSecrets(config, folder);
  const secrets = await profile.readSecrets(config);
  const store = await openStore(config, secrets);
  try {
    const counts = steps.includes('objects') ? await copyObjects() : null;
    if (steps.includes('database')) await loadDatabase(location, folder.file(description.database));
    const reconciled = steps.includes('settle') ? await reconcile() : null;
    return {
      description,
      counts,
      reconciled,
      sameSecret: secrets.fingerprint === description.secret_fingerprint,
    };
  } finally {
    await store.close();
  }

  async function copyObjects(): Promise<CopyCounts> {
    const index = ObjectIndex.openToRead(folder.indexFile);
    try {
      return await copyIn({ store, folder, index });
    } finally {
      index.close();
    }
  }

  async function reconcile(): Promise<Reconciled> {
    const database = await openDatabase(location, options.logger);
    try {
      return await reconcileRestored(database, store);
    } finally {
      await database.close();
    }
  }
}
