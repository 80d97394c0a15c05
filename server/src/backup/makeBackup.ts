import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { ServerConfig } from '@reelmill/shared/runtime/config.ts';
import { readVersion } from '../context/version.ts';
import { PROFILES } from '../profiles/profiles.ts';
import { type BackupDescription, BackupFolder } from './backupFolder.ts';
import { type CopyCounts, copyOut, pruneObjects } from './copyObjects.ts';
import { assertCompleted, dumpDatabase } from './databaseDump.ts';
import { copySecrets, openStore } from './installation.ts';
import { ObjectIndex } from './objectIndex.ts';

export interface BackupOptions {
  folder: string;
  /** A dump that lies in the folder already, where this process cannot reach a program to make one. */
  dump?: string | undefined;
}

const DUMP_FILE = /^database-.*\.(sql\.gz|sqlite)(\.new)?$/;

/**
 * Backs a running installation up into a folder; what is there of an earlier backup is not copied again.
 *
 * The database first, then the objects: whatever the dump names was in the store before, and the segments of a video
 * that is online never change, so the copy has them all. The other way round it would name objects that came after the
 * copy. What was deleted in between is missing, as its owner wanted.
 */
export async function makeBackup(
  config: ServerConfig,
  options: BackupOptions,
): Promise<{ description: BackupDescription; counts: CopyCounts; removed: number }> {
  const profile = PROFILES[config.REELMILL_PROFILE];
  const location = profile.locateDatabase(config);
  if ('sqliteFile' in location) await assertThere(location.sqliteFile);
  const folder = new BackupFolder(options.folder);
  const round = new Date().toISOString().replace(/[:.]/g, '-');
  await folder.prepare();
  if (options.dump !== undefined) await assertCompleted(folder.file(options.dump));
  const database = options.dump ?? (await dumpDatabase(location, folder.path, round));
  const secrets = await profile.readSecrets(config);
  await copySecrets(config, folder);
  const index = ObjectIndex.openToWrite(folder.indexFile);
  const store = await openStore(config, secrets);
  try {
    const counts = await copyOut({ store, folder, index }, round);
    const removing = index.missedIn(round, 1).length > 0;
    const description: BackupDescription = {
      v: 1,
      made_at: new Date().toISOString(),
      profile: config.REELMILL_PROFILE,
      version: readVersion(),
      database,
      secret_fingerprint: secrets.fingerprint,
      ...index.totals(),
    };
    index.flush();
    await folder.commit(description);
    // only now is the earlier backup not needed any more
    const removed = removing ? await pruneObjects(folder, index, round) : 0;
    if (removing) await folder.commit({ ...description, ...index.totals() });
    await removeOtherDumps(folder, database);
    return { description: { ...description, ...index.totals() }, counts, removed };
  } finally {
    index.close();
    await store.close();
  }
}

async function assertThere(file: string): Promise<void> {
  if ((await stat(file).catch(() => null)) !== null) return;
  throw new Error(`There is no database at ${file}: nothing to back up. See REELMILL_DATA.`);
}

async function removeOtherDumps(folder: BackupFolder, current: string): Promise<void> {
  const names = await readdir(folder.path);
  const old = names.filter((name) => DUMP_FILE.test(name) && name !== path.basename(current));
  for (const name of old) await rm(folder.file(name), { force: true });
}
