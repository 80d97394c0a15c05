import { hkdfSync, randomBytes } from 'node:crypto';
import { mkdir, open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

/** One key for each purpose, so that no signature of one kind is valid as another. */
export interface Secrets {
  readonly accessTokens: string;
  readonly playbackUrls: string;
  readonly storeUrls: string;
  readonly knownDevices: string;
  readonly refreshTokens: string;
  /** Identifies the secret without revealing it. */
  readonly fingerprint: string;
}

/** File in the data folder in which a standalone installation keeps its secret. */
export const SECRETS_FILE = 'secrets.json';

const fileSchema = z.object({ secret: z.string().min(32) });

/** Derives every key from one secret; replicas that share the secret share the keys. */
export function deriveSecrets(secret: string): Secrets {
  const derive = (purpose: string): string =>
    Buffer.from(hkdfSync('sha256', secret, 'reelmill', purpose, 32)).toString('base64url');
  return {
    accessTokens: derive('access-tokens'),
    playbackUrls: derive('playback-urls'),
    storeUrls: derive('store-urls'),
    knownDevices: derive('known-devices'),
    refreshTokens: derive('refresh-tokens'),
    fingerprint: derive('fingerprint'),
  };
}

/** Returns the secret of an installation. Creates the file on first use, readable by its owner only. */
export async function readOrCreateSecret(file: string): Promise<string> {
  await mkdir(path.dirname(file), { recursive: true });
  try {
    const handle = await open(file, 'wx', 0o600);
    try {
      const secret = randomBytes(32).toString('base64url');
      await handle.writeFile(`${JSON.stringify({ secret })}\n`);
      await handle.sync();
      return secret;
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  return fileSchema.parse(JSON.parse(await readFile(file, 'utf8'))).secret;
}
