import { mkdir, readFile, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import type { ServerConfig } from '@reelmill/shared/runtime/config.ts';
import { SECRETS_FILE, type Secrets } from '../context/secrets.ts';
import { PROFILES } from '../profiles/profiles.ts';
import type { BackupFolder } from './backupFolder.ts';
import { writeDurably } from './files.ts';

/** The installation's store; its URLs lead nowhere, for no server may run. */
export function openStore(config: ServerConfig, secrets: Secrets): Promise<ObjectStore> {
  const nowhere = 'http://127.0.0.1:9';
  return PROFILES[config.REELMILL_PROFILE].openStore(
    { config, publicUrl: nowhere, localUrl: nowhere },
    secrets,
  );
}

/** Keeps the secret that an installation has made for itself; others come from the environment, and stay there. */
export async function copySecrets(config: ServerConfig, folder: BackupFolder): Promise<void> {
  if (!makesOwnSecret(config)) return;
  await copyPrivately(path.join(config.dataDir, SECRETS_FILE), folder.secretsFile);
}

/** Gives an installation without a secret the one that it had. */
export async function restoreSecrets(config: ServerConfig, folder: BackupFolder): Promise<void> {
  const file = path.join(config.dataDir, SECRETS_FILE);
  if (!makesOwnSecret(config) || (await isThere(file)) || !(await isThere(folder.secretsFile))) return;
  await mkdir(config.dataDir, { recursive: true });
  await copyPrivately(folder.secretsFile, file);
}

function makesOwnSecret(config: ServerConfig): boolean {
  return config.REELMILL_PROFILE === 'standalone' && config.JWT_SECRET === undefined;
}

async function copyPrivately(from: string, to: string): Promise<void> {
  const draft = `${to}.new`;
  await writeDurably(draft, await readFile(from));
  await rename(draft, to);
}

async function isThere(file: string): Promise<boolean> {
  return (await stat(file).catch(() => null)) !== null;
}
