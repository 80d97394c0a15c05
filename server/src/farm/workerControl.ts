import type { FarmWorker } from '@reelmill/shared/contracts/admin.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { type Actor, recordAuditEvent } from '../audit/auditLog.ts';
import type { ServerContext } from '../context/serverContext.ts';
import { type DesiredWorkerState, sendDesiredState } from '../workers/desiredState.ts';
import { readFarmWorker } from './farm.ts';

type Context = Pick<ServerContext, 'database' | 'queue' | 'logger'>;

/**
 * Asks a worker to finish its task and take no more (`drained`), or to take tasks again (`working`). The desired state
 * is kept and sent again with every heartbeat until the worker is in it: what is broadcast once may be lost. Returns the
 * worker as it is at this moment. Throws `not_found`, and `state_conflict` for one that has stopped.
 */
export async function requestWorkerState(
  context: Context,
  workerId: string,
  desired: DesiredWorkerState,
  actor: Actor,
): Promise<FarmWorker> {
  const { models, transaction } = context.database;
  const worker = await transaction(async (within) => {
    const row = await models.Worker.findByPk(workerId, { transaction: within, lock: within.LOCK.UPDATE });
    if (row === null) throw new ReelmillError('not_found', 'There is no such worker.');
    if (row.state === 'stopped') {
      throw new ReelmillError('state_conflict', 'This worker has stopped; it takes no tasks.');
    }
    await row.update({ wantedState: desired }, { transaction: within });
    const action = desired === 'drained' ? 'worker.drain' : 'worker.resume';
    await recordAuditEvent(models, actor, { action, target: { kind: 'worker', id: workerId } }, within);
    return row;
  });
  await sendDesiredState(context, workerId, desired);
  return readFarmWorker(models, worker, new Date());
}
