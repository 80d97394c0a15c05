import type { WorkerEvent } from '@reelmill/shared/contracts/tasks.ts';
import { literal } from 'sequelize';
import type { FarmContext } from '../context/farmContext.ts';
import { reconcileDesiredState, sendDesiredState } from '../workers/desiredState.ts';
import { renewLease } from './leases.ts';
import { listProgress } from './listedSegments.ts';

type EventOf<T extends WorkerEvent['type']> = Extract<WorkerEvent, { type: T }>;

/** Records that a worker is alive, and its state; sends the desired state again to one that is not in it. */
export async function applyHeartbeat(context: FarmContext, event: EventOf<'heartbeat'>): Promise<void> {
  const { Worker } = context.database.models;
  const { workerId: id } = event;
  // the database and the HTTP API keep the earlier name
  const state = event.state === 'unhealthy' ? 'sick' : event.state;
  const startedAt = new Date(event.startedAt);
  const known = await Worker.findByPk(id, { attributes: ['wantedState', 'startedAt'] });
  const { desired, send } = reconcileDesiredState(known, { state, startedAt });
  await Worker.upsert({
    id,
    host: event.host,
    version: event.version,
    cpus: event.cpus,
    state,
    reason: event.reason,
    taskId: event.taskId,
    startedAt,
    confinement: event.confinement ?? null,
    ffmpegVersion: event.ffmpegVersion ?? null,
    // the server's clock: workers' clocks may differ
    lastSeenAt: new Date(),
  });
  // only what was read: an admin may have asked for something else in the meantime
  if (known !== null && known.wantedState !== desired) {
    await Worker.update({ wantedState: desired }, { where: { id, wantedState: known.wantedState } });
  }
  if (send && desired !== null) await sendDesiredState(context, id, desired);
}

/** A worker began a task: its lease begins too. Returns false, and revokes the lease, where the report comes too late. */
export async function applyStarted(context: FarmContext, event: EventOf<'started'>): Promise<boolean> {
  const { models } = context.database;
  const values = { deliveries: literal('deliveries + 1'), startedAt: new Date() };
  if (!(await renewLease(context, event, values))) return false;
  const task = await models.Task.findByPk(event.taskId, {
    attributes: ['kind', 'availableAt', 'startedAt'],
  });
  if (task?.startedAt) {
    context.metrics.taskStarted(task.kind, (task.startedAt.getTime() - task.availableAt.getTime()) / 1000);
  }
  if (task?.kind === 'inspect') {
    const waiting = { id: event.videoId, status: 'transcoding', phase: 'queued' } as const;
    await models.Video.update({ phase: 'inspecting' }, { where: waiting });
    context.signals.videoChanged(event.videoId);
  }
  return true;
}

/** A worker continues a task: its lease is renewed. Returns false, and revokes the lease, where the report comes too late. */
export function applyProgress(context: FarmContext, event: EventOf<'progress'>): Promise<boolean> {
  return renewLease(context, event, {
    // a worker that reports again after its lease expired was not lost
    lostLeases: literal(
      "CASE WHEN state = 'pending' AND lost_leases > 0 THEN lost_leases - 1 ELSE lost_leases END",
    ),
    // safe in SQL: an integer that the contract checked
    unitsDone: literal(`CASE WHEN units_done < ${event.done} THEN ${event.done} ELSE units_done END`),
    ...listProgress(event),
    speed: event.speed,
  });
}
