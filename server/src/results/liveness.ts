import type { WorkerEvent } from '@reelmill/shared/contracts/tasks.ts';
import { literal } from 'sequelize';
import type { FarmContext } from '../context/farmContext.ts';
import { expectLateObjects } from '../transcode/cleanUp.ts';
import { reconcileDesiredState, sendDesiredState } from '../workers/desiredState.ts';
import { leasedTo, leaseEnd, revokeLeases, type TaskEvent } from './leases.ts';
import { listProgress } from './listedSegments.ts';

type EventOf<T extends WorkerEvent['type']> = Extract<WorkerEvent, { type: T }>;

/** Writes down that a worker is alive, and what it does; one that does not do what an admin wants is told again. */
export async function applyHeartbeat(context: FarmContext, event: EventOf<'heartbeat'>): Promise<void> {
  const { Worker } = context.database.models;
  const { workerId: id } = event;
  // the database and the HTTP API keep the earlier name
  const state = event.state === 'unhealthy' ? 'sick' : event.state;
  const startedAt = new Date(event.startedAt);
  const known = await Worker.findByPk(id, { attributes: ['wantedState', 'startedAt'] });
  const { wish, tell } = reconcileDesiredState(known, { state, startedAt });
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
  // only what was read: an admin may have wished for something else in the meantime
  if (known !== null && known.wantedState !== wish) {
    await Worker.update({ wantedState: wish }, { where: { id, wantedState: known.wantedState } });
  }
  if (tell && wish !== null) await sendDesiredState(context, id, wish);
}

/** A worker began a task: its lease begins too. Returns false, and tells the worker to stop, where it comes too late. */
export async function applyStarted(context: FarmContext, event: EventOf<'started'>): Promise<boolean> {
  const { models } = context.database;
  const [changed] = await models.Task.update(
    {
      state: 'running',
      workerId: event.workerId,
      deliveries: literal('deliveries + 1'),
      leaseExpiresAt: await leaseEnd(context),
      startedAt: new Date(),
    },
    { where: leasedTo(event) },
  );
  if (changed === 0) {
    await refuseLate(context, event);
    return false;
  }
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

/** Tells a worker whose lease is over to stop; until then it may still write. */
async function refuseLate(context: FarmContext, event: TaskEvent): Promise<void> {
  await revokeLeases(context, [event]);
  await expectLateObjects(context.database.models, event.videoId);
}

/** A worker goes on with a task: its lease is renewed. Answers false, and tells the worker, where it comes too late. */
export async function applyProgress(context: FarmContext, event: EventOf<'progress'>): Promise<boolean> {
  const [changed] = await context.database.models.Task.update(
    {
      // first of all, for MySQL evaluates in this order: who speaks again after the lease ran out was not lost
      lostLeases: literal(
        "CASE WHEN state = 'pending' AND lost_leases > 0 THEN lost_leases - 1 ELSE lost_leases END",
      ),
      state: 'running',
      workerId: event.workerId,
      leaseExpiresAt: await leaseEnd(context),
      // safe in SQL: an integer that the contract checked
      unitsDone: literal(`CASE WHEN units_done < ${event.done} THEN ${event.done} ELSE units_done END`),
      ...listProgress(event),
      speed: event.speed,
    },
    { where: leasedTo(event) },
  );
  if (changed > 0) return true;
  await refuseLate(context, event);
  return false;
}
