import { waitForDependency } from '@reelmill/shared/runtime/dependencies.ts';
import type { Releasers } from '@reelmill/shared/runtime/releasers.ts';
import { createFirstAdmin } from '../auth/firstAdmin.ts';
import type { ServerContext } from '../context/serverContext.ts';
import { explainOpenFailure } from '../db/openFailure.ts';
import { startMaintenance } from '../maintenance/registry.ts';
import { startDeliverer } from '../webhooks/deliverer.ts';
import { startFarm } from './startFarm.ts';

/**
 * Starts what works in the background of every server, and registers how it is stopped (last started, first stopped).
 * Waits for a database that is lost meanwhile, until `signal` ends that.
 */
export async function startServices(
  context: ServerContext,
  releasers: Releasers,
  signal: AbortSignal,
): Promise<void> {
  const makeAdmin = (): Promise<void> =>
    createFirstAdmin(context).catch((error: unknown) => {
      throw explainOpenFailure(error);
    });
  await waitForDependency('database', makeAdmin, { signal, log: context.dependencyLog });
  const farm = await startFarm(context);
  releasers.add('farm', () => farm.stop());
  const deliverer = startDeliverer(context);
  releasers.add('webhooks', () => deliverer.stop());
  const maintenance = startMaintenance(context);
  releasers.add('maintenance', () => maintenance.stop());
}
