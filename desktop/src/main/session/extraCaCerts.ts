import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Logger } from '@reelmill/shared/runtime/logger.ts';

/** Returns the certificates of a PEM file. Null where it cannot be read: that must not keep the app from starting. */
export async function readExtraCaCerts(file: string | null, logger: Logger): Promise<string | null> {
  if (file === null) return null;
  try {
    const text = await readFile(file, 'utf8');
    // throws where the first one is invalid
    new X509Certificate(text);
    return text;
  } catch (error) {
    logger.warn({ err: error, file }, 'NODE_EXTRA_CA_CERTS not readable');
    return null;
  }
}
