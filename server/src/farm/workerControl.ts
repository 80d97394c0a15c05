import type { FarmWorker } from '@reelmill/shared/contracts/admin.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { type Actor, recordAuditEvent } from '../audit/auditLog.ts';
import type { ServerContext } from '../context/serverContext.ts';
import { type DesiredWorkerState, sendDesiredState } from '../workers/desiredState.ts';
import { describeWorker } from './farm.ts';

type Context = Pick<ServerContext, 'database' | 'queue' | 'logger'>;

/**
 * Asks a worker to finish its task and take no more (`drained`), or to take tasks again (`working`). The wish is kept
 * and told again with every heartbeat until the worker does so: what is broadcast once may be lost. Answers the worker
 * as it is at this moment. Throws `not_found`, and `state_conflict` for one that has stopped.
 */
export async function wishOfWorker(
  context: Context,
  workerId: string,
  wish: DesiredWorkerState,
  actor: Actor,
): Promise<FarmWorker> {
  const { models, transaction } = context.database;
  const worker = await transaction(async (within) => {
    const row = await models.Worker.findByPk(workerId, { transaction: within, lock: within.LOCK.UPDATE });
    if (row === null) throw new ReelmillError('not_found', 'There is no such worker.');
    if (row.state === 'stopped') {
      throw new ReelmillError('state_conflict', 'This worker has stopped; it takes no tasks.');
    }
    await row.update({ wantedState: wish }, { transaction: within });
    const action = wish === 'drained' ? 'worker.drain' : 'worker.resume';
    await recordAuditEvent(models, actor, { action, target: { kind: 'worker', id: workerId } }, within);
    return row;
  });
  await sendDesiredState(context, workerId, wish);
  return describeWorker(models, worker, new Date());
}
