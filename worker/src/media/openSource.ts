import { access, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { getCACertificates } from 'node:tls';
import { SOURCE_URL_SECONDS } from './limits.ts';
import type { SourceInput } from './source.ts';
import type { TaskContext } from './taskContext.ts';

const CA_FILE = 'trusted-ca.pem';

/** What ffmpeg needs to read an object of the store: a signed URL, and whom to trust where that is https. */
export async function openSource(
  { store, workDir }: Pick<TaskContext, 'store' | 'workDir'>,
  key: string,
): Promise<SourceInput> {
  const url = await store.signGet(key, { audience: 'internal', expiresSeconds: SOURCE_URL_SECONDS });
  return url.startsWith('https:') ? { url, caFile: await writeTrustedCertificates(workDir) } : { url };
}

/**
 * ffmpeg's own idea of whom to trust depends on the library that it was built with. With this file it trusts exactly
 * those that this process does: NODE_EXTRA_CA_CERTS counts for both.
 */
async function writeTrustedCertificates(workDir: string): Promise<string> {
  const file = path.join(workDir, CA_FILE);
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  if (isThere) return file;
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, getCACertificates('default').join('\n'));
  await rename(draft, file);
  return file;
}
