import type { UploadSnapshot } from '@reelmill/shared/contracts/desktop.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import i18next from 'i18next';
import { notifyError } from '../../feedback/notify.tsx';
import { call } from '../../ipc/bridge.ts';
import { openVideo } from '../../navigation/navigationStore.ts';
import { nameOf } from './formatRow.ts';
import { announce, ask, editTitle } from './interaction.ts';
import { queueIndexFor } from './ordering.ts';
import { queueStore } from './queueStore.ts';
import { canCancel, canMoveInQueue, canPause, canRemove, canRetry, type RowAction } from './rowActions.ts';

const COMMANDS: Record<RowAction, (row: UploadSnapshot) => void> = {
  watch: ({ videoId }) => {
    if (videoId !== null) openVideo(videoId);
  },
  showExisting: ({ failure }) => {
    if (failure?.duplicateOf) openVideo(failure.duplicateOf.videoId);
  },
  pause: ({ id }) => attempt(call('queue.pause', { ids: [id] })),
  resume: ({ id }) => attempt(call('queue.resume', { ids: [id] })),
  retry: ({ id }) => attempt(call('queue.retry', { ids: [id] })),
  checkAgain: ({ id }) => attempt(call('queue.retry', { ids: [id] })),
  uploadAnew: ({ id }) => attempt(call('queue.retry', { ids: [id] })),
  uploadAnyway: ({ id }) => attempt(call('queue.uploadAnyway', { ids: [id] })),
  locate: ({ id }) => locate(id),
  showInFolder: ({ id }) => attempt(call('queue.showInFolder', { id })),
  rename: ({ id }) => editTitle(id),
  moveToTop: ({ id }) => moveRow(id, 0),
  moveUp: ({ id }) => moveRowBy(id, -1),
  moveDown: ({ id }) => moveRowBy(id, 1),
  cancel: (row) => cancelRows([row]),
  remove: ({ id }) => attempt(call('queue.remove', { ids: [id] })),
};

/** Does what a button or the menu of a row says. Failures are shown as notices. */
export function perform(action: RowAction, row: UploadSnapshot): void {
  COMMANDS[action](row);
}

export function pauseRows(rows: readonly UploadSnapshot[]): void {
  const ids = idsOf(rows.filter(canPause));
  if (ids.length > 0) attempt(call('queue.pause', { ids }));
}

export function resumeRows(rows: readonly UploadSnapshot[]): void {
  const ids = idsOf(rows.filter(({ state }) => state === 'paused'));
  if (ids.length > 0) attempt(call('queue.resume', { ids }));
}

export function retryRows(rows: readonly UploadSnapshot[]): void {
  const ids = idsOf(rows.filter(canRetry));
  if (ids.length > 0) attempt(call('queue.retry', { ids }));
}

/** Asks first where something would be lost. */
export function cancelRows(rows: readonly UploadSnapshot[]): void {
  const affected = rows.filter(canCancel);
  const ids = idsOf(affected);
  if (ids.length === 0) return;
  if (affected.some(losesWork)) ask({ kind: 'cancel', ids });
  else attempt(call('queue.cancel', { ids }));
}

/** Takes rows off the list; what still runs is canceled, after asking. */
export function removeRows(rows: readonly UploadSnapshot[]): void {
  const ids = idsOf(rows);
  if (ids.length === 0) return;
  if (rows.every(canRemove)) attempt(call('queue.remove', { ids }));
  else ask({ kind: 'remove', ids });
}

/** What was asked has been answered with yes. */
export function cancelNow(rows: readonly UploadSnapshot[]): void {
  const ids = idsOf(rows.filter(canCancel));
  if (ids.length > 0) attempt(call('queue.cancel', { ids }));
}

/** As `cancelNow`, and the rows go. */
export function removeNow(rows: readonly UploadSnapshot[]): void {
  attempt(cancelAndRemove(idsOf(rows.filter(canCancel)), idsOf(rows)));
}

export function clearFinished(): void {
  attempt(call('queue.clearFinished'));
}

/** Puts a row at another place among the visible ones; shown at once, and taken back where it does not work. */
export function moveRow(id: string, visibleIndex: number): void {
  const { rows, order, visible } = queueStore.getState();
  const row = rows.get(id);
  const index = queueIndexFor(order, visible, id, visibleIndex);
  if (row === undefined || index === null || !canMoveInQueue(row)) return;
  const before = order.indexOf(id);
  queueStore.getState().showMoved(id, index);
  const place = queueStore.getState().visible.indexOf(id) + 1;
  announce(i18next.t('queue:order.moved', { name: nameOf(row), place, count: visible.length }));
  call('queue.move', { id, index }).catch((error: unknown) => {
    queueStore.getState().showMoved(id, before);
    notifyError(error);
  });
}

export function moveRowBy(id: string, rows: number): void {
  const index = queueStore.getState().visible.indexOf(id);
  if (index >= 0) moveRow(id, index + rows);
}

/** Gives an upload another title; shown at once, and taken back where it does not work. */
export function renameRow(row: UploadSnapshot, title: string): void {
  const { showRenamed } = queueStore.getState();
  showRenamed(row.id, title);
  call('queue.rename', { id: row.id, title }).catch((error: unknown) => {
    showRenamed(row.id, row.title);
    notifyError(error);
  });
}

/** The rows of ids as they are now, without those that are gone. */
export function rowsOf(ids: Iterable<string>): UploadSnapshot[] {
  const { rows } = queueStore.getState();
  return [...ids].map((id) => rows.get(id)).filter((row) => row !== undefined);
}

/** Whether canceling deletes something that took a while to make. */
export function losesWork({ state, sentBytes }: UploadSnapshot): boolean {
  return state === 'processing' || sentBytes > 0;
}

function locate(id: string): void {
  call('queue.relocate', { id }).catch((error: unknown) => {
    const isOther = error instanceof ReelmillError && error.code === 'file_changed';
    // the words for this code are about a file that changed during its upload
    const words = i18next.t('queue:failure.otherFile');
    notifyError(isOther ? new ReelmillError('validation_failed', words) : error);
  });
}

async function cancelAndRemove(running: string[], all: string[]): Promise<void> {
  if (running.length > 0) await call('queue.cancel', { ids: running });
  await call('queue.remove', { ids: all });
}

function idsOf(rows: readonly UploadSnapshot[]): string[] {
  return rows.map((row) => row.id);
}

function attempt(work: Promise<unknown>): void {
  work.catch(notifyError);
}
