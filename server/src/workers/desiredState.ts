import type { ServerContext } from '../context/serverContext.ts';
import type { WorkerRow } from '../db/rows.ts';

/** What an admin may want of a worker. */
export type DesiredWorkerState = NonNullable<WorkerRow['wantedState']>;

type Heartbeat = Pick<WorkerRow, 'state' | 'startedAt'>;

/**
 * What is still wanted of a worker after it has said how it is, and whether it must be told so again. A process that
 * was started after the wish is another worker with the same name: it begins to work. `working` is fulfilled once, for
 * a worker that drains because it stops says so too, and is past listening.
 */
export function reconcileDesiredState(
  known: Pick<WorkerRow, 'wantedState' | 'startedAt'> | null,
  heartbeat: Heartbeat,
): { wish: DesiredWorkerState | null; tell: boolean } {
  const nothing = { wish: null, tell: false };
  if (known === null || known.wantedState === null) return nothing;
  if (known.startedAt.getTime() !== heartbeat.startedAt.getTime() || heartbeat.state === 'stopped') {
    return nothing;
  }
  const drains = heartbeat.state === 'draining';
  if (known.wantedState === 'drained') return { wish: 'drained', tell: !drains };
  return drains ? { wish: 'working', tell: true } : nothing;
}

/** Tells the worker. Where that fails now, the next heartbeat does it. */
export async function sendDesiredState(
  { queue, logger }: Pick<ServerContext, 'queue' | 'logger'>,
  workerId: string,
  wish: DesiredWorkerState,
): Promise<void> {
  const type = wish === 'drained' ? 'drain_worker' : 'resume_worker';
  await queue
    .broadcast({ v: 1, type, workerId })
    .catch((error: unknown) =>
      logger.warn({ err: error, worker_id: workerId, wish }, 'a worker could not be told'),
    );
}
