import type { Releasers } from '@reelmill/shared/runtime/releasers.ts';
import { createFirstAdmin } from '../auth/firstAdmin.ts';
import type { ServerContext } from '../context/serverContext.ts';
import { startSweeps } from '../maintenance/sweeps.ts';
import { startDeliverer } from '../webhooks/deliverer.ts';
import { startFarm } from './startFarm.ts';

/** Starts what works in the background of every server, and registers how it is stopped (last started, first stopped). */
export async function startServices(context: ServerContext, releasers: Releasers): Promise<void> {
  await createFirstAdmin(context);
  const farm = await startFarm(context);
  releasers.add('farm', () => farm.stop());
  const deliverer = startDeliverer(context);
  releasers.add('webhooks', () => deliverer.stop());
  const sweeps = startSweeps(context);
  releasers.add('sweeps', () => sweeps.stop());
}
