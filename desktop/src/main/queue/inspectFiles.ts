import { open, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { RefusedFile } from '@reelmill/shared/contracts/desktop.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { HEAD_BYTES, hasVideoName, isUnfinishedDownload, recognizeFile } from './fileKinds.ts';
import { refuseAs, refuseFor } from './fileProblems.ts';
import { walkFolder } from './folderWalk.ts';

/** Files that are looked at in one go; the next ones wait until these have been taken. */
const BATCH_FILES = 64;
/** Node reads files in four threads, which the uploads need too. */
const CONCURRENT_READS = 3;

/** A file that was offered: a video of so many bytes, or why it is none. */
export type OfferedFile =
  | { path: string; sizeBytes: number; refused: null }
  | { path: string; refused: RefusedFile };

/** `named` is a file that somebody chose, not one that lay in a folder. */
type Candidate = { path: string; named: boolean } | { path: string; refused: RefusedFile };

/**
 * Looks at files and folders and answers, batch by batch and in the order in which they were given, which files are
 * videos, and why the others are none. Of what lies in folders only videos and what pretends to be one are told.
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

/** Whether a file is a video that can be uploaded. Never throws. */
export async function inspectFile(path: string): Promise<OfferedFile> {
  if (isUnfinishedDownload(path)) return { path, refused: refuseAs('unfinishedDownload', path) };
  try {
    const { sizeBytes, head } = await readHead(path);
    if (head.length === 0)
      return { path, refused: { path, code: 'empty_file', message: 'The file is empty.' } };
    const kind = recognizeFile(path, head);
    return kind === 'video' ? { path, sizeBytes, refused: null } : { path, refused: refuseAs(kind, path) };
  } catch (error) {
    return { path, refused: refuseFor(error, path) };
  }
}

async function* findCandidates(paths: Iterable<string>, signal: AbortSignal): AsyncGenerator<Candidate> {
  for (const given of paths) {
    signal.throwIfAborted();
    const path = resolve(given);
    const isFolder = await stat(path).then(
      (found) => found.isDirectory(),
      // reading it as a file tells why
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
    else yield { path, refused: refuseFor(error, path) };
  }
  if (found === 0) yield { path: folder, refused: refuseAs('emptyFolder', folder) };
}

async function inspectBatch(batch: readonly Candidate[], signal: AbortSignal): Promise<OfferedFile[]> {
  const offered: (OfferedFile | null)[] = new Array(batch.length).fill(null);
  const waiting = batch.entries();
  const lookOn = async (): Promise<void> => {
    for (const [index, candidate] of waiting) {
      signal.throwIfAborted();
      offered[index] = await inspectCandidate(candidate);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT_READS }, lookOn));
  return offered.filter((one) => one !== null);
}

/** Null for what is passed over without a word. */
async function inspectCandidate(candidate: Candidate): Promise<OfferedFile | null> {
  if ('refused' in candidate) return candidate;
  const { path, named } = candidate;
  const offered = await inspectFile(path);
  // `.ts` is the name of programs' sources as well, of which a folder may be full
  const isSource = offered.refused?.kind === 'text' && /\.m?ts$/i.test(path);
  return isSource && !named ? null : offered;
}

/** The size of a file and its first HEAD_BYTES. */
async function readHead(path: string): Promise<{ sizeBytes: number; head: Uint8Array }> {
  const found = await stat(path);
  // opening a pipe or a device may wait for ever
  if (!found.isFile()) throw new ReelmillError('file_unreadable', 'This is not a file.');
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return { sizeBytes: found.size, head: buffer.subarray(0, bytesRead) };
  } finally {
    await file.close();
  }
}
