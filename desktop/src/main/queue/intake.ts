import { open, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { RefusedFile } from '@reelmill/shared/contracts/desktop.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { HEAD_BYTES, hasVideoName, isUnfinishedDownload, recognizeFile } from './fileKinds.ts';
import { refuseAs, refuseFor } from './fileProblems.ts';
import { walkFolder } from './folderWalk.ts';

/** Files that are looked at in one go; the next ones wait until these have been taken. */
const BATCH_FILES = 64;
/** Node reads files in four threads, which the uploads need too. */
const LOOKS_AT_ONCE = 3;

/** A file that was offered: a video where `refused` is null. */
export interface OfferedFile {
  path: string;
  refused: RefusedFile | null;
}

/** `named` is a file that somebody chose, not one that lay in a folder. */
type Candidate = { path: string; named: boolean } | { path: string; refused: RefusedFile };

/**
 * Looks at files and folders and answers, batch by batch and in the order in which they were given, which files are
 * videos, and why the others are none. Of what lies in folders only videos and what pretends to be one are told.
 */
export async function* takeIn(paths: Iterable<string>, signal: AbortSignal): AsyncGenerator<OfferedFile[]> {
  let batch: Candidate[] = [];
  for await (const candidate of findCandidates(paths, signal)) {
    batch.push(candidate);
    if (batch.length < BATCH_FILES) continue;
    yield await lookAt(batch, signal);
    batch = [];
  }
  if (batch.length > 0) yield await lookAt(batch, signal);
}

/** Why a file is no video that can be uploaded, or null where it is one. */
export async function inspectFile(path: string): Promise<RefusedFile | null> {
  if (isUnfinishedDownload(path)) return refuseAs('unfinishedDownload', path);
  try {
    const head = await readHead(path);
    if (head.length === 0) return { path, code: 'empty_file', message: 'The file is empty.' };
    const kind = recognizeFile(path, head);
    return kind === 'video' ? null : refuseAs(kind, path);
  } catch (error) {
    return refuseFor(error, path);
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

async function lookAt(batch: readonly Candidate[], signal: AbortSignal): Promise<OfferedFile[]> {
  const offered: (OfferedFile | null)[] = new Array(batch.length).fill(null);
  const waiting = batch.entries();
  const lookOn = async (): Promise<void> => {
    for (const [index, candidate] of waiting) {
      signal.throwIfAborted();
      offered[index] = await judge(candidate);
    }
  };
  await Promise.all(Array.from({ length: LOOKS_AT_ONCE }, lookOn));
  return offered.filter((one) => one !== null);
}

/** Null for what is passed over without a word. */
async function judge(candidate: Candidate): Promise<OfferedFile | null> {
  if ('refused' in candidate) return candidate;
  const { path, named } = candidate;
  const refused = await inspectFile(path);
  // `.ts` is the name of programs' sources as well, of which a folder may be full
  const isSource = refused?.kind === 'text' && /\.m?ts$/i.test(basename(path));
  return isSource && !named ? null : { path, refused };
}

/** The first HEAD_BYTES of a file. */
async function readHead(path: string): Promise<Uint8Array> {
  // opening a pipe or a device may wait for ever
  if (!(await stat(path)).isFile()) throw new ReelmillError('file_unreadable', 'This is not a file.');
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
