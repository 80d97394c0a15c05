import type { Farm, FarmWorker } from '@reelmill/shared/contracts/admin.ts';

/** Workers that take tasks, and how many of them have one. */
export function countWorkers(workers: readonly FarmWorker[]): { working: number; busy: number } {
  const working = workers.filter(({ state }) => state === 'idle' || state === 'busy');
  return { working: working.length, busy: working.filter(({ state }) => state === 'busy').length };
}

/** How fast all workers encode together, as a multiple of real time; null where none says so. */
export function sumSpeed(workers: readonly FarmWorker[]): number | null {
  const speeds = workers.flatMap(({ task }) => (task === null || task.speed === null ? [] : [task.speed]));
  return speeds.length === 0 ? null : speeds.reduce((sum, speed) => sum + speed, 0);
}

/** Tasks that nobody works on yet. */
export function countWaiting({ tasks }: Pick<Farm, 'tasks'>): number {
  return tasks.pending + tasks.queued;
}
