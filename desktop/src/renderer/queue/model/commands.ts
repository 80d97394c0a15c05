import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import i18next from 'i18next';
import type { UploadSnapshot } from '../../../contracts/desktop.ts';
import { notifyError, reportFailure } from '../../feedback/notify.tsx';
import { call } from '../../ipc/bridge.ts';
import { openVideo } from '../../navigation/navigationStore.ts';
import { nameOf } from './formatRow.ts';
import { announce, editTitle, requestConfirmation } from './interaction.ts';
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
  pause: ({ id }) => reportFailure(call('queue.pause', { ids: [id] })),
  resume: ({ id }) => reportFailure(call('queue.resume', { ids: [id] })),
  retry: ({ id }) => reportFailure(call('queue.retry', { ids: [id] })),
  checkAgain: ({ id }) => reportFailure(call('queue.retry', { ids: [id] })),
  uploadAnew: ({ id }) => reportFailure(call('queue.retry', { ids: [id] })),
  uploadAnyway: ({ id }) => reportFailure(call('queue.uploadAnyway', { ids: [id] })),
  locate: ({ id }) => locate(id),
  showInFolder: ({ id }) => reportFailure(call('queue.showInFolder', { id })),
  rename: ({ id }) => editTitle(id),
  moveToTop: ({ id }) => moveRow(id, 0),
  moveUp: ({ id }) => moveRowBy(id, -1),
  moveDown: ({ id }) => moveRowBy(id, 1),
  cancel: (row) => cancelRows([row]),
  remove: ({ id }) => reportFailure(call('queue.remove', { ids: [id] })),
};

/** Runs the action of a button or a menu item of a row. Failures are shown as notices. */
export function perform(action: RowAction, row: UploadSnapshot): void {
  COMMANDS[action](row);
}

export function pauseRows(rows: readonly UploadSnapshot[]): void {
  const ids = idsOf(rows.filter(canPause));
  if (ids.length > 0) reportFailure(call('queue.pause', { ids }));
}

export function resumeRows(rows: readonly UploadSnapshot[]): void {
  const ids = idsOf(rows.filter(({ state }) => state === 'paused'));
  if (ids.length > 0) reportFailure(call('queue.resume', { ids }));
}

export function retryRows(rows: readonly UploadSnapshot[]): void {
  const ids = idsOf(rows.filter(canRetry));
  if (ids.length > 0) reportFailure(call('queue.retry', { ids }));
}

/** Cancels rows; asks for confirmation where data would be lost. */
export function cancelRows(rows: readonly UploadSnapshot[]): void {
  const affected = rows.filter(canCancel);
  const ids = idsOf(affected);
  if (ids.length === 0) return;
  if (affected.some(losesWork)) requestConfirmation({ kind: 'cancel', ids });
  else reportFailure(call('queue.cancel', { ids }));
}

/** Removes rows; asks for confirmation where some of them have to be canceled first. */
export function removeRows(rows: readonly UploadSnapshot[]): void {
  const ids = idsOf(rows);
  if (ids.length === 0) return;
  if (rows.every(canRemove)) reportFailure(call('queue.remove', { ids }));
  else requestConfirmation({ kind: 'remove', ids });
}

/** Cancels rows after the confirmation. */
export function cancelNow(rows: readonly UploadSnapshot[]): void {
  const ids = idsOf(rows.filter(canCancel));
  if (ids.length > 0) reportFailure(call('queue.cancel', { ids }));
}

/** Cancels and removes rows after the confirmation. */
export function removeNow(rows: readonly UploadSnapshot[]): void {
  reportFailure(cancelAndRemove(idsOf(rows.filter(canCancel)), idsOf(rows)));
}

export function clearFinished(): void {
  reportFailure(call('queue.clearFinished'));
}

/** Moves a row to another position among the visible ones; shown at once, and reverted where it fails. */
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

/** Renames an upload; shown at once, and reverted where it fails. */
export function renameRow(row: UploadSnapshot, title: string): void {
  const { showRenamed } = queueStore.getState();
  showRenamed(row.id, title);
  call('queue.rename', { id: row.id, title }).catch((error: unknown) => {
    showRenamed(row.id, row.title);
    notifyError(error);
  });
}

/** Returns the present rows of these ids, without those that were removed. */
export function rowsOf(ids: Iterable<string>): UploadSnapshot[] {
  const { rows } = queueStore.getState();
  return [...ids].map((id) => rows.get(id)).filter((row) => row !== undefined);
}

/** Whether canceling deletes uploaded or processed data. */
export function losesWork({ state, sentBytes }: UploadSnapshot): boolean {
  return state === 'processing' || sentBytes > 0;
}

function locate(id: string): void {
  call('queue.relocate', { id }).catch((error: unknown) => {
    const isOther = error instanceof ReelmillError && error.code === 'file_changed';
    // the text of this code is about a file that changed during its upload
    const text = i18next.t('queue:failure.otherFile');
    notifyError(isOther ? new ReelmillError('validation_failed', text) : error);
  });
}

async function cancelAndRemove(running: string[], all: string[]): Promise<void> {
  if (running.length > 0) await call('queue.cancel', { ids: running });
  await call('queue.remove', { ids: all });
}

function idsOf(rows: readonly UploadSnapshot[]): string[] {
  return rows.map((row) => row.id);
}
