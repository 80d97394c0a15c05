import type { RefusedFile, RefusedKind } from '@reelmill/shared/contracts/desktop.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';

const REASONS: Record<RefusedKind, string> = {
  picture: 'This is a picture, not a video.',
  sound: 'This is a sound file, not a video.',
  document: 'This is a document, not a video.',
  archive: 'This is an archive, not a video. Unpack it first.',
  program: 'This is a program, not a video.',
  playlist: 'This is a playlist, not a video.',
  text: 'This is a text file, not a video.',
  unfinishedDownload: 'This file is still being downloaded.',
  emptyFolder: 'There are no videos in this folder.',
  otherName: 'The name of this file does not end like that of a video, such as .mp4.',
  unknown: 'This is not a video of a kind that can be uploaded.',
};

export function refuseAs(kind: RefusedKind, path: string): RefusedFile {
  return { path, code: 'unsupported_file', message: REASONS[kind], kind };
}

export function refuseFor(error: unknown, path: string): RefusedFile {
  const { code, message } = error instanceof ReelmillError ? error : toFileError(error);
  return { path, code, message };
}

/** An error of Node's file system in plain words. */
function toFileError(cause: unknown): ReelmillError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const reasons: Record<string, string> = {
    ENOENT: 'There is no such file.',
    ENOTDIR: 'There is no such file.',
    EACCES: 'This may not be read.',
    EPERM: 'This may not be read.',
    EBUSY: 'Another program is using this file.',
    ELOOP: 'This is a link that leads back to itself.',
  };
  const fallback = code === '' ? 'This cannot be read.' : `This cannot be read (${code}).`;
  return new ReelmillError('file_unreadable', reasons[code] ?? fallback, { cause });
}
