import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { RefusedFile, RefusedKind } from '../../contracts/desktop.ts';

const REASONS: Record<RefusedKind, string> = {
  picture: 'This is a picture, not a video.',
  sound: 'This is a sound file, not a video.',
  document: 'This is a document, not a video.',
  archive: 'This is an archive, not a video. Unpack it first.',
  program: 'This is a program, not a video.',
  playlist: 'This is a playlist, not a video.',
  text: 'This is a text file, not a video.',
  unfinishedDownload: 'This file is still being downloaded.',
  emptyFolder: 'This folder contains no videos.',
  otherName: 'The file name does not have a video extension, such as .mp4.',
  unknown: 'This file type cannot be uploaded.',
};

export function rejectAs(kind: RefusedKind, path: string): RefusedFile {
  return { path, code: 'unsupported_file', message: REASONS[kind], kind };
}

export function rejectFor(error: unknown, path: string): RefusedFile {
  const { code, message } = error instanceof ReelmillError ? error : toFileError(error);
  return { path, code, message };
}

/** Returns the error of a failed file system call, with a message for people. */
function toFileError(cause: unknown): ReelmillError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const reasons: Record<string, string> = {
    ENOENT: 'There is no such file.',
    ENOTDIR: 'There is no such file.',
    EACCES: 'You do not have permission to read this file.',
    EPERM: 'You do not have permission to read this file.',
    EBUSY: 'Another program is using this file.',
    ELOOP: 'This is a link that refers to itself.',
  };
  const fallback = code === '' ? 'This file cannot be read.' : `This file cannot be read (${code}).`;
  return new ReelmillError('file_unreadable', reasons[code] ?? fallback, { cause });
}
