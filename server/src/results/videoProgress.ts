import type { TaskKind, TaskState } from '@reelmill/shared/contracts/tasks.ts';
import type { PlannedTask } from '../plan/planVideo.ts';

/** What a task contributes to its video. */
export interface TaskShare {
  kind: TaskKind;
  /** Relative cost, as in the plan; the inspection has a fixed share instead. */
  weight: number;
  /** Whether picture or sound of the video begin in this task, so that an early look needs it. */
  opening: boolean;
}

export interface TaskProgress extends TaskShare {
  state: TaskState;
  /** Of `unitsTotal`, as in the `progress` event. */
  unitsDone: number;
  unitsTotal: number;
  /** Whole segments in the store. */
  segmentsDone: number;
}

const INSPECTED = 1;
/** Reached when every task is done; the playlists are all that is left. */
const ENCODED = 99;

export const INSPECTION_SHARE: TaskShare = { kind: 'inspect', weight: 0, opening: false };

export function shareOf({ spec, weight }: PlannedTask): TaskShare {
  const opening = spec.kind === 'audio' || (spec.kind === 'encode' && spec.chunk.firstSegment === 0);
  return { kind: spec.kind, weight, opening };
}

/** How far a transcode is, 0..99 percent: finished work by all work. 100 is for a video that is online. */
export function progressOf(tasks: readonly TaskProgress[]): number {
  const planned = tasks.filter(({ kind }) => kind !== 'inspect');
  const total = planned.reduce((sum, { weight }) => sum + weight, 0);
  if (total === 0) {
    return INSPECTED * (tasks.reduce((sum, task) => sum + doneShare(task), 0) / Math.max(1, tasks.length));
  }
  const done = planned.reduce((sum, task) => sum + task.weight * doneShare(task), 0);
  return INSPECTED + (ENCODED - INSPECTED) * Math.min(1, done / total);
}

/** Whether the beginning is in the store: the first segment of one rendition at least, and of the audio if there is any. */
export function isPlayable(tasks: readonly TaskProgress[]): boolean {
  const opened = ({ state, segmentsDone }: TaskProgress): boolean => state === 'done' || segmentsDone >= 1;
  const opening = tasks.filter((task) => task.opening);
  return (
    opening.some((task) => task.kind === 'encode' && opened(task)) &&
    opening.every((task) => task.kind !== 'audio' || opened(task))
  );
}

function doneShare({ state, unitsDone, unitsTotal }: TaskProgress): number {
  if (state === 'done') return 1;
  return unitsTotal > 0 ? Math.min(1, unitsDone / unitsTotal) : 0;
}
