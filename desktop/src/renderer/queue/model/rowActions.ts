import type { ErrorCode } from '@reelmill/shared/contracts/errors.ts';
import type { UploadFailure, UploadSnapshot } from '../../../contracts/desktop.ts';

export type RowAction =
  | 'watch'
  | 'pause'
  | 'resume'
  | 'cancel'
  | 'retry'
  | 'checkAgain'
  | 'uploadAnew'
  | 'uploadAnyway'
  | 'showExisting'
  | 'locate'
  | 'rename'
  | 'showInFolder'
  | 'moveToTop'
  | 'moveUp'
  | 'moveDown'
  | 'remove';

/** What may be done with a row: at its end, beside its failure, and everything there is in its menu. */
export interface RowActions {
  buttons: RowAction[];
  fixes: RowAction[];
  menu: RowAction[];
}

const MOVES: RowAction[] = ['moveToTop', 'moveUp', 'moveDown'];
/** The same file would be refused again. */
const HOPELESS: ReadonlySet<ErrorCode> = new Set(['unsupported_file', 'empty_file', 'too_large']);

export function actionsFor(row: UploadSnapshot): RowActions {
  const fixes = row.failure === null ? [] : fixesFor(row.failure);
  const buttons = buttonsFor(row);
  const moves = canMoveInQueue(row) ? MOVES : [];
  const shown = new Set([...buttons, ...fixes]);
  const rest: RowAction[] = [...(canRename(row) ? (['rename'] as const) : []), 'showInFolder', ...moves];
  return { buttons, fixes, menu: [...shown, ...rest].sort((a, b) => MENU_ORDER[a] - MENU_ORDER[b]) };
}

/** Whether something of it is still to be sent: only then its place matters. */
export function canMoveInQueue({ state }: UploadSnapshot): boolean {
  return state !== 'online' && state !== 'canceled' && state !== 'processing';
}

export function canRename({ state }: UploadSnapshot): boolean {
  return state !== 'canceled';
}

export function canPause({ state }: UploadSnapshot): boolean {
  return state === 'waiting' || state === 'fingerprinting' || state === 'uploading' || state === 'completing';
}

export function canCancel(row: UploadSnapshot): boolean {
  return canPause(row) || row.state === 'paused' || row.state === 'processing';
}

/** Whether trying again may help. */
export function canRetry({ failure }: UploadSnapshot): boolean {
  return failure !== null && failure.code !== 'duplicate' && !HOPELESS.has(failure.code);
}

export function canWatch({ video, videoId }: UploadSnapshot): boolean {
  return videoId !== null && video !== null && (video.playable || video.status === 'online');
}

/** Whether it is over, so that only the row is left to be taken away. */
export function canRemove({ state }: UploadSnapshot): boolean {
  return state === 'online' || state === 'canceled' || state === 'failed';
}

function buttonsFor(row: UploadSnapshot): RowAction[] {
  const watch: RowAction[] = canWatch(row) ? ['watch'] : [];
  if (row.state === 'paused') return ['resume', 'cancel'];
  if (canPause(row)) return ['pause', 'cancel'];
  return [...watch, row.state === 'processing' ? 'cancel' : 'remove'];
}

function fixesFor(failure: UploadFailure): RowAction[] {
  if (failure.stage === 'transcode') return ['retry'];
  if (failure.stage === 'follow') return ['checkAgain'];
  if (failure.code === 'duplicate') {
    return failure.duplicateOf === null ? ['uploadAnyway'] : ['showExisting', 'uploadAnyway'];
  }
  if (failure.code === 'file_unreadable') return ['locate', 'retry'];
  if (failure.code === 'file_changed') return ['uploadAnew', 'locate'];
  return HOPELESS.has(failure.code) ? [] : ['retry'];
}

const MENU_ORDER: Record<RowAction, number> = {
  watch: 0,
  showExisting: 1,
  pause: 2,
  resume: 3,
  locate: 4,
  uploadAnew: 5,
  uploadAnyway: 6,
  retry: 7,
  checkAgain: 8,
  rename: 9,
  showInFolder: 10,
  moveToTop: 11,
  moveUp: 12,
  moveDown: 13,
  cancel: 14,
  remove: 15,
};
