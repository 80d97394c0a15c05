import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import i18next from 'i18next';
import { create } from 'zustand';
import type { IntakeResult, RefusedFile } from '../../../contracts/desktop.ts';
import { notifyDone, notifyError } from '../../feedback/notify.tsx';
import { call, on } from '../../ipc/bridge.ts';
import { openView } from '../../navigation/navigationStore.ts';
import { queueStore } from '../model/queueStore.ts';

/** The maximum number of paths per call. */
const PATHS_PER_CALL = 10_000;

export interface AddState {
  /** The number of drops that are being inspected. */
  searching: number;
  /** Whether a file dialog is open, or its files are being inspected. */
  isPicking: boolean;
  /** Rejected files, until the user dismisses them. */
  refused: readonly RefusedFile[];
}

/** The state of adding files and folders. */
export const useAddState = create<AddState>()(() => ({ searching: 0, isPicking: false, refused: [] }));

/** Adds dropped files and folders, and shows the queue. */
export function addPaths(paths: readonly string[]): void {
  openView('queue');
  if (paths.length === 0) rejectDrop();
  else void search(paths);
}

/** Lets the user choose files or a folder. */
export async function pickVideos(what: 'files' | 'folder'): Promise<void> {
  if (useAddState.getState().isPicking) return;
  useAddState.setState({ isPicking: true });
  await add(() => call('queue.pick', { what }));
  useAddState.setState({ isPicking: false });
}

/** Shows the results of files added in another way, such as the menu. Returns a function that ends it. */
export function followAddedFiles(): () => void {
  return on('queue.intake', (result) => {
    openView('queue');
    showResult(result);
  });
}

export function dismissRefused(): void {
  useAddState.setState({ refused: [] });
}

function rejectDrop(): void {
  notifyError(new ReelmillError('validation_failed', i18next.t('queue:drop.nothing')));
}

async function search(paths: readonly string[]): Promise<void> {
  useAddState.setState(({ searching }) => ({ searching: searching + 1 }));
  for (let start = 0; start < paths.length; start += PATHS_PER_CALL) {
    await add(() => call('queue.add', { paths: paths.slice(start, start + PATHS_PER_CALL) }));
  }
  useAddState.setState(({ searching }) => ({ searching: searching - 1 }));
}

/** Runs a call that adds files, and shows its result or its failure. */
async function add(offer: () => Promise<IntakeResult>): Promise<void> {
  try {
    showResult(await offer());
  } catch (error) {
    notifyError(error);
  }
}

function showResult({ added, known, refused }: IntakeResult): void {
  const parts = [
    added.length > 0 ? i18next.t('queue:intake.added', { count: added.length }) : null,
    known > 0 ? i18next.t('queue:intake.known', { count: known }) : null,
  ].filter((part) => part !== null);
  if (parts.length > 0) notifyDone(parts.join(i18next.t('queue:intake.and')));
  if (added.length > 0) showAdded();
  if (refused.length > 0) useAddState.setState((state) => ({ refused: [...state.refused, ...refused] }));
}

/** Changes a filter that would hide the added files. */
function showAdded(): void {
  const { filter, setFilter } = queueStore.getState();
  if (filter === 'attention' || filter === 'finished') setFilter('all');
}
