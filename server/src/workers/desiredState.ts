import type { ServerContext } from '../context/serverContext.ts';
import type { WorkerRow } from '../db/rows.ts';

/** What an admin may want of a worker. */
export type DesiredWorkerState = NonNullable<WorkerRow['wantedState']>;

type Heartbeat = Pick<WorkerRow, 'state' | 'startedAt'>;

/**
 * What is still wanted of a worker after a heartbeat, and whether it must be sent again. A process that was started after
 * the request is another worker with the same name: it begins to work. `working` is fulfilled once, for a worker that
 * drains because it stops reports so too, and listens to nothing any more.
 */
export function reconcileDesiredState(
  known: Pick<WorkerRow, 'wantedState' | 'startedAt'> | null,
  heartbeat: Heartbeat,
): { desired: DesiredWorkerState | null; send: boolean } {
  const nothing = { desired: null, send: false };
  if (known === null || known.wantedState === null) return nothing;
  if (known.startedAt.getTime() !== heartbeat.startedAt.getTime() || heartbeat.state === 'stopped') {
    return nothing;
  }
  const drains = heartbeat.state === 'draining';
  if (known.wantedState === 'drained') return { desired: 'drained', send: !drains };
  return drains ? { desired: 'working', send: true } : nothing;
}

/** Sends a worker what is wanted of it. Where that fails now, the next heartbeat does it. */
export async function sendDesiredState(
  { queue, logger }: Pick<ServerContext, 'queue' | 'logger'>,
  workerId: string,
  desired: DesiredWorkerState,
): Promise<void> {
  const type = desired === 'drained' ? 'drain_worker' : 'resume_worker';
  await queue
    .broadcast({ v: 1, type, workerId })
    .catch((error: unknown) =>
      logger.warn({ err: error, worker_id: workerId, desired }, 'desired state not sent to a worker'),
    );
}
