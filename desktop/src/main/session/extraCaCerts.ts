import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Logger } from '@reelmill/shared/runtime/logger.ts';

/** The certificates of a PEM file; null where there are none to be had, which must not keep the app from starting. */
export async function readExtraCaCerts(file: string | null, logger: Logger): Promise<string | null> {
  if (file === null) return null;
  try {
    const text = await readFile(file, 'utf8');
    // throws where the first of them is none
    new X509Certificate(text);
    return text;
  } catch (error) {
    logger.warn({ err: error, file }, 'the certificates of NODE_EXTRA_CA_CERTS could not be read');
    return null;
  }
}
