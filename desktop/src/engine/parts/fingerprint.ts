import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { ByteRange, Digests, FileSource, FileStat } from '../ports/ports.ts';

/** How many bytes of each end of a file go into its fingerprint. */
const END_BYTES = 64 * 1024;

/** What identifies one version of a file. `fingerprint` is the SHA-256 of size, head and tail in hexadecimal. */
export interface FileIdentity extends FileStat {
  fingerprint: string;
}

interface Sources {
  files: FileSource;
  digests: Digests;
}

/** Returns what identifies the file. Throws `file_unreadable`, `empty_file`, or `file_changed` for a file that is being written. */
export async function identifyFile(
  { files, digests }: Sources,
  path: string,
  signal: AbortSignal,
): Promise<FileIdentity> {
  const { sizeBytes, mtimeMs } = await files.stat(path);
  if (sizeBytes === 0) throw new ReelmillError('empty_file', 'The file is empty.');
  const digest = digests.sha256();
  digest.update(new TextEncoder().encode(`${sizeBytes}\n`));
  for (const range of endRanges(sizeBytes)) {
    for await (const chunk of files.read(path, range, signal)) digest.update(chunk);
  }
  return { sizeBytes, mtimeMs, fingerprint: digest.hex() };
}

/** Throws `file_changed` unless the file is still the same version. */
export async function assertUnchanged(
  sources: Sources,
  path: string,
  before: FileIdentity,
  signal: AbortSignal,
): Promise<void> {
  const stat = await sources.files.stat(path);
  const same =
    stat.sizeBytes === before.sizeBytes &&
    stat.mtimeMs === before.mtimeMs &&
    isSameVersion(before, await identifyFile(sources, path, signal));
  if (!same) throw new ReelmillError('file_changed', 'The file changed while it was being uploaded.');
}

export function isSameVersion(one: FileIdentity, other: FileIdentity): boolean {
  return (
    one.sizeBytes === other.sizeBytes &&
    one.mtimeMs === other.mtimeMs &&
    one.fingerprint === other.fingerprint
  );
}

function endRanges(sizeBytes: number): ByteRange[] {
  const head = Math.min(END_BYTES, sizeBytes);
  const tail = Math.min(END_BYTES, sizeBytes - head);
  const ranges = [{ start: 0, length: head }];
  if (tail > 0) ranges.push({ start: sizeBytes - tail, length: tail });
  return ranges;
}
