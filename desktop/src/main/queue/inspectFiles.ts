import { open, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import pLimit from 'p-limit';
import type { RefusedFile } from '../../contracts/desktop.ts';
import { HEAD_BYTES, hasVideoName, isUnfinishedDownload, recognizeFile } from './fileKinds.ts';
import { rejectAs, rejectFor } from './fileProblems.ts';
import { walkFolder } from './folderWalk.ts';

/** Files that are inspected before they are passed on. */
const BATCH_FILES = 64;
/** Node reads files with four threads, which the uploads need too. */
const CONCURRENT_READS = 3;

/** An added file: a video with its size, or why it was rejected. */
export type OfferedFile =
  | { path: string; sizeBytes: number; refused: null }
  | { path: string; refused: RefusedFile };

/** `named` is a file that the user chose, not one that was found in a folder. */
type Candidate = { path: string; named: boolean } | { path: string; refused: RefusedFile };

/**
 * Inspects files and folders and yields, batch by batch in the given order, which files are videos and why the others
 * were rejected. Of the files in folders, only those with a video's name are included.
 */
export async function* inspectFiles(
  paths: Iterable<string>,
  signal: AbortSignal,
): AsyncGenerator<OfferedFile[]> {
  let batch: Candidate[] = [];
  for await (const candidate of findCandidates(paths, signal)) {
    batch.push(candidate);
    if (batch.length < BATCH_FILES) continue;
    yield await inspectBatch(batch, signal);
    batch = [];
  }
  if (batch.length > 0) yield await inspectBatch(batch, signal);
}

/** Returns whether a file is a video that can be uploaded. Never throws. */
export async function inspectFile(path: string): Promise<OfferedFile> {
  if (isUnfinishedDownload(path)) return { path, refused: rejectAs('unfinishedDownload', path) };
  try {
    const { sizeBytes, head } = await readHead(path);
    if (head.length === 0)
      return { path, refused: { path, code: 'empty_file', message: 'The file is empty.' } };
    const kind = recognizeFile(path, head);
    return kind === 'video' ? { path, sizeBytes, refused: null } : { path, refused: rejectAs(kind, path) };
  } catch (error) {
    return { path, refused: rejectFor(error, path) };
  }
}

async function* findCandidates(paths: Iterable<string>, signal: AbortSignal): AsyncGenerator<Candidate> {
  for (const given of paths) {
    signal.throwIfAborted();
    const path = resolve(given);
    const isFolder = await stat(path).then(
      (found) => found.isDirectory(),
      // reading it as a file reports why
      () => false,
    );
    if (isFolder) yield* findInFolder(path, signal);
    else yield { path, named: true };
  }
}

async function* findInFolder(folder: string, signal: AbortSignal): AsyncGenerator<Candidate> {
  let found = 0;
  for await (const { path, error } of walkFolder(folder, { wants: hasVideoName, signal })) {
    found += 1;
    if (error === null) yield { path, named: false };
    else yield { path, refused: rejectFor(error, path) };
  }
  if (found === 0) yield { path: folder, refused: rejectAs('emptyFolder', folder) };
}

async function inspectBatch(batch: readonly Candidate[], signal: AbortSignal): Promise<OfferedFile[]> {
  const limit = pLimit(CONCURRENT_READS);
  const offered = await limit.map(batch, (candidate) => {
    signal.throwIfAborted();
    return inspectCandidate(candidate);
  });
  return offered.filter((one) => one !== null);
}

/** Returns null for a file that is skipped without a notice. */
async function inspectCandidate(candidate: Candidate): Promise<OfferedFile | null> {
  if ('refused' in candidate) return candidate;
  const { path, named } = candidate;
  const offered = await inspectFile(path);
  // `.ts` is also the extension of source code, of which a folder may be full
  const isSource = offered.refused?.kind === 'text' && /\.m?ts$/i.test(path);
  return isSource && !named ? null : offered;
}

/** Returns the size of a file and its first HEAD_BYTES. */
async function readHead(path: string): Promise<{ sizeBytes: number; head: Uint8Array }> {
  const found = await stat(path);
  // opening a pipe or a device may block forever
  if (!found.isFile()) throw new ReelmillError('file_unreadable', 'This is not a file.');
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return { sizeBytes: found.size, head: buffer.subarray(0, bytesRead) };
  } finally {
    await file.close();
  }
}
