import type { IntakeResult, RefusedFile } from '@reelmill/shared/contracts/desktop.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import i18next from 'i18next';
import { create } from 'zustand';
import { notifyDone, notifyError } from '../../feedback/notify.tsx';
import { call, on } from '../../ipc/bridge.ts';
import { openView } from '../../navigation/navigationStore.ts';
import { queueStore } from '../model/queueStore.ts';

/** The most paths that one call takes. */
const PATHS_PER_CALL = 10_000;

export interface IntakeState {
  /** How many drops are being looked through. */
  searching: number;
  /** Whether the user chooses, or what was chosen is looked through. */
  isPicking: boolean;
  /** Files that were not taken, until the user has seen them. */
  refused: readonly RefusedFile[];
}

/** What becomes of files and folders that the user offers. */
export const useIntake = create<IntakeState>()(() => ({ searching: 0, isPicking: false, refused: [] }));

/** Adds dropped files and folders, and shows the queue. */
export function addPaths(paths: readonly string[]): void {
  openView('queue');
  if (paths.length === 0) refuseDrop();
  else void search(paths);
}

/** Lets the user choose files or a folder. */
export async function pickVideos(what: 'files' | 'folder'): Promise<void> {
  if (useIntake.getState().isPicking) return;
  useIntake.setState({ isPicking: true });
  await take(() => call('queue.pick', { what }));
  useIntake.setState({ isPicking: false });
}

/** Tells of files that came another way, such as the menu; answers the function that ends it. */
export function followAddedFiles(): () => void {
  return on('queue.intake', (result) => {
    openView('queue');
    showResult(result);
  });
}

export function dismissRefused(): void {
  useIntake.setState({ refused: [] });
}

function refuseDrop(): void {
  notifyError(new ReelmillError('validation_failed', i18next.t('queue:drop.nothing')));
}

async function search(paths: readonly string[]): Promise<void> {
  useIntake.setState(({ searching }) => ({ searching: searching + 1 }));
  for (let start = 0; start < paths.length; start += PATHS_PER_CALL) {
    await take(() => call('queue.add', { paths: paths.slice(start, start + PATHS_PER_CALL) }));
  }
  useIntake.setState(({ searching }) => ({ searching: searching - 1 }));
}

/** Shows what comes of it, a failure as well. */
async function take(offer: () => Promise<IntakeResult>): Promise<void> {
  try {
    showResult(await offer());
  } catch (error) {
    notifyError(error);
  }
}

function showResult({ added, known, refused }: IntakeResult): void {
  const words = [
    added.length > 0 ? i18next.t('queue:intake.added', { count: added.length }) : null,
    known > 0 ? i18next.t('queue:intake.known', { count: known }) : null,
  ].filter((part) => part !== null);
  if (words.length > 0) notifyDone(words.join(i18next.t('queue:intake.and')));
  if (added.length > 0) showAdded();
  if (refused.length > 0) useIntake.setState((state) => ({ refused: [...state.refused, ...refused] }));
}

/** What has just been added must not be hidden. */
function showAdded(): void {
  const { filter, setFilter } = queueStore.getState();
  if (filter === 'attention' || filter === 'finished') setFilter('all');
}
