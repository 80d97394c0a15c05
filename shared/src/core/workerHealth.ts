import type { FarmWorker } from '../contracts/admin.ts';

/** How often a worker sends a heartbeat. */
export const HEARTBEAT_MS = 5_000;
const MISSED_HEARTBEATS = 3;

/**
 * Returns a worker's state as people see it: the state that it last reported, `drained` where it has finished its last task,
 * or `lost` where it has been silent for too long.
 */
export function farmStateOf(
  worker: {
    state: Exclude<FarmWorker['state'], 'lost' | 'drained'>;
    taskId: number | null;
    lastSeenAt: Date;
  },
  now: Date,
): FarmWorker['state'] {
  if (worker.state === 'stopped') return 'stopped';
  const silentMs = now.getTime() - worker.lastSeenAt.getTime();
  if (silentMs > HEARTBEAT_MS * MISSED_HEARTBEATS) return 'lost';
  return worker.state === 'draining' && worker.taskId === null ? 'drained' : worker.state;
}
